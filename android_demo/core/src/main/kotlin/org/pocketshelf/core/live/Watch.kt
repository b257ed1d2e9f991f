package org.pocketshelf.core.live

import org.pocketshelf.core.Retriever
import org.pocketshelf.core.stages.Where
import org.pocketshelf.core.stages.detect.overlap
import org.pocketshelf.core.stages.preprocess.Photo
import org.pocketshelf.core.types.Box
import org.pocketshelf.core.types.Region

/**
 * One thing before the camera.
 *
 * @property number from 1; the same as long as the thing is followed.
 * @property region its smoothed box and its group; with hits and all else as soon as it was searched.
 * @property answered how many seconds ago; null where it has not been yet.
 */
data class LiveRegion(val number: Int, val region: Region, val answered: Double?)

/**
 * What is seen in one frame.
 *
 * @property frame its number, from 0, among those that were looked at.
 * @property width of the upright frame, in its own pixels; boxes are in these. [height] likewise.
 * @property regions the most prominent first.
 * @property searched how many of them were embedded and searched in this frame.
 */
data class LiveView(val frame: Int, val width: Int, val height: Int, val regions: List<LiveRegion>, val searched: Int)

/**
 * Follows a stream of a camera's frames: regions that stay, each answered once and anew only when it is another thing.
 *
 * A detector runs on every frame; embedding and search run for one thing a frame at most, the one that waited longest.
 * An answer is kept while its box stands where it was answered, what is in it looks the same and it is not old: so a
 * thing that is swapped for another in the same place is seen. One frame at a time.
 *
 * @param refresh an answer older than this is asked for anew, in seconds.
 * @param most so many things are searched in one frame at most.
 * @param clock seconds that only grow.
 */
class Watch(
    private val retriever: Retriever,
    private val k: Int = 10,
    private val categories: List<String> = listOf("auto"),
    private val where: Where = emptyMap(),
    private val refresh: Double = 3.0,
    private val most: Int = 1,
    private val clock: () -> Double = { System.nanoTime() / 1e9 },
) {
    private class Kept(val region: Region, val box: Box, val look: FloatArray, val at: Double)

    private val tracker = Tracker()
    private val answers = HashMap<Int, Kept>()
    private var frames = 0

    /**
     * One more frame.
     *
     * @throws org.pocketshelf.core.PocketshelfError a stage failed; what was followed still is.
     */
    fun see(photo: Photo): LiveView {
        val boxes = retriever.encoder.boxes(photo, WEAK)
        val tracks = tracker.update(boxes.all, boxes.chosen)
        val due = due(photo, tracks).take(most)
        answer(photo, tracks, due)
        answers.keys.retainAll(tracks.mapTo(HashSet()) { it.number })
        return LiveView(frames++, photo.width, photo.height, tracks.map(::live), due.size)
    }

    /** Those in sight without an answer that still holds: first those without any, then by its age. */
    private fun due(photo: Photo, tracks: List<Track>): List<Track> =
        tracks.filter { it.missed == 0 && !holds(photo, it) }
            .sortedBy { answers[it.number]?.at ?: Double.NEGATIVE_INFINITY }

    private fun holds(photo: Photo, track: Track): Boolean {
        val kept = answers[track.number] ?: return false
        if (clock() - kept.at > refresh) return false
        if (overlap(kept.box, track.box) < SAME_PLACE) return false
        return difference(look(photo, track.box), kept.look) < SAME_LOOK
    }

    private fun answer(photo: Photo, tracks: List<Track>, due: List<Track>) {
        if (due.isEmpty()) return
        val boxes = tracks.map { it.detection }
        val wanted = due.map { track -> boxes[tracks.indexOf(track)] }
        val encoded = retriever.encoder.encodeBoxes(photo, boxes, wanted)
        for ((track, region) in due.zip(encoded)) {
            val found = retriever.searchRegion(region, k, categories, where, photo)
            answers[track.number] = Kept(found, track.box, look(photo, track.box), clock())
        }
    }

    private fun live(track: Track): LiveRegion {
        val kept = answers[track.number]
        val seen = track.detection
        val region = kept?.region?.copy(box = seen.box, group = seen.group, score = seen.score)
            ?: Region(seen.box, seen.group, seen.score)
        return LiveRegion(track.number, region, kept?.let { clock() - it.at })
    }

    private companion object {
        // A box of less than this share of the bundle's threshold continues nothing.
        const val WEAK = 0.5
        const val SAME_PLACE = 0.7
        const val SAME_LOOK = 12.0
    }
}
