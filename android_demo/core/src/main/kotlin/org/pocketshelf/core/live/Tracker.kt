package org.pocketshelf.core.live

import org.pocketshelf.core.formats.ByCodePoint
import org.pocketshelf.core.stages.detect.overlap
import org.pocketshelf.core.types.Box
import org.pocketshelf.core.types.Detection

/**
 * One thing over time.
 *
 * @property number from 1, never used again.
 * @property box smoothed, in pixels of the upright frame.
 * @property newest the detector's last box.
 * @property seen how often in all; [missed] how often in a row it was not.
 * @property groups what the boxes together say it is: group → sum of scores.
 */
class Track(
    val number: Int,
    val box: Box,
    val newest: Detection,
    val seen: Int = 1,
    val missed: Int = 0,
    private val groups: Map<String, Double> = mapOf(newest.group to newest.score),
) {
    /** The group that its boxes speak for, all together. */
    val group: String
        get() = groups.entries.reduce { a, b ->
            val order = a.value.compareTo(b.value)
            if (order > 0 || (order == 0 && ByCodePoint.compare(a.key, b.key) > 0)) a else b
        }.key

    /** It, as a detector would say it. */
    val detection: Detection get() = Detection(box, group, newest.score)

    /** With the box of a new frame. */
    fun continued(found: Detection): Track {
        val share = if (overlap(box, found.box) >= JUMP_IOU) NEW_SHARE else 1.0
        fun mixed(new: Double, old: Double) = share * new + (1 - share) * old
        val smoothed = Box(
            mixed(found.box.x, box.x), mixed(found.box.y, box.y),
            mixed(found.box.width, box.width), mixed(found.box.height, box.height),
        )
        val more = groups + (found.group to (groups[found.group] ?: 0.0) + found.score)
        return Track(number, smoothed, found, seen + 1, 0, more)
    }

    /** After a frame that did not show it. */
    fun unseen(): Track = Track(number, box, newest, seen, missed + 1, groups)

    companion object {
        /** A box continues a track from this overlap on, whatever its group. */
        const val SAME_IOU = 0.3

        /** A thing that jumped further than this overlap is not smoothed. */
        const val JUMP_IOU = 0.6

        // What the new box counts beside the old.
        private const val NEW_SHARE = 0.5
    }
}

/**
 * Tracking by overlap (Bochinski et al., AVSS 2017): which box of this frame is which thing of the last.
 *
 * A detector's boxes tremble, vanish for a frame and change their group near a threshold; a person who is to tap one
 * needs them to stay. So a new thing is shown when it was seen twice, a known one is kept by boxes that are too weak for
 * a new one, outlives a few frames without any, and moves smoothly. Not for several threads.
 */
class Tracker {
    private var tracks = emptyList<Track>()
    private var last = 0

    /**
     * The things to show after one more frame, in the order of [new], others last.
     *
     * @param found every box of the frame that may continue a thing.
     * @param new those of them that are good enough to begin one.
     */
    fun update(found: List<Detection>, new: List<Detection>): List<Track> {
        val kept = continued(found)
        val used = kept.filter { it.missed == 0 }.mapTo(HashSet()) { it.newest }
        val born = new.filter { it !in used && !claimed(it, kept) }.map { Track(++last, it.box, it) }
        tracks = kept + born
        val order = new.withIndex().associate { (place, box) -> box to place }
        return kept.filter { it.seen >= SHOWN_AFTER }.sortedBy { order[it.newest] ?: order.size }
    }

    /** The tracks with their new boxes, each box once, the best overlap first. */
    private fun continued(found: List<Detection>): List<Track> {
        val boxes = HashMap<Int, Int>()
        val taken = HashSet<Int>()
        for (pair in pairs(found)) {
            if (pair.track in boxes || pair.box in taken) continue
            boxes[pair.track] = pair.box
            taken += pair.box
        }
        return tracks.mapIndexed { i, track -> boxes[i]?.let { track.continued(found[it]) } ?: track.unseen() }
            .filter { it.missed < FORGOTTEN_AFTER }
    }

    private class Pair(val track: Int, val box: Int, val overlap: Double)

    private fun pairs(found: List<Detection>): List<Pair> {
        val pairs = tracks.indices.flatMap { i -> found.indices.map { j -> Pair(i, j, overlap(tracks[i].box, found[j].box)) } }
        return pairs.filter { it.overlap >= Track.SAME_IOU }.sortedByDescending { it.overlap }
    }

    /** Whether a thing that was found in this frame stands there already. */
    private fun claimed(box: Detection, tracks: List<Track>): Boolean =
        tracks.any { it.missed == 0 && overlap(it.box, box.box) >= Track.JUMP_IOU }

    private companion object {
        const val SHOWN_AFTER = 2
        const val FORGOTTEN_AFTER = 4
    }
}
