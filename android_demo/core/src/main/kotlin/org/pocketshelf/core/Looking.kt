package org.pocketshelf.core

import org.pocketshelf.core.closely.Closely
import org.pocketshelf.core.closely.Deciding
import org.pocketshelf.core.closely.Sighting
import org.pocketshelf.core.stages.Wish
import org.pocketshelf.core.stages.detect.prominence
import org.pocketshelf.core.stages.preprocess.Photo
import org.pocketshelf.core.types.Box
import org.pocketshelf.core.types.Region
import org.pocketshelf.core.types.Timings
import org.pocketshelf.core.types.around

/** A box of this score, or more, is a thing of its own. */
private const val SURE = 0.7

/** Where boxes that may be parts lie, all together, in less of the photo than this share, they are none. */
private const val WIDE = 0.4

/** Cosine by which a turned look must be ahead of the upright one. */
private const val AHEAD_TURNED = 0.06

private val ALL_TURNS = listOf(1, 2, 3)

/**
 * What a photo showed, and the shelf's answers to it, most prominent region first.
 *
 * @property photo as it came.
 * @property quarters by so many quarter turns, anticlockwise, it was turned for this look.
 */
internal class Seen(private val photo: Photo, val answers: List<Answer>, private val quarters: Int = 0) {
    /** The score of the most prominent region's first product; lowest where there is none. */
    val lead: Double get() = answers.firstOrNull()?.let(::lead) ?: -1.0

    private val boxes get() = answers.map { it.region.detection }.filter { it.group != FRAME }

    /**
     * Whether a turned look may count: the most prominent region's answer is not said to be nothing like it, and it does not
     * lose a box that is sure for a frame alone.
     */
    fun mayCount(upright: Seen, answering: Answering): Boolean {
        val first = answers.firstOrNull() ?: return false
        return !answering.isAbsent(first) && (boxes.isNotEmpty() || upright.boxes.none { it.score >= SURE })
    }

    /** A region of the look, its box in the photo as it came. */
    fun asItCame(region: Region): Region {
        var box = region.box
        // The width before each turn, the last one first.
        for (turn in quarters downTo 1) box = box.beforeTurn(if (turn % 2 == 1) photo.width else photo.height)
        return region.copy(box = box)
    }

    /** Its answers no surer of their first hits than those of another look: of several tries the best is found. */
    fun limited(answering: Answering, by: Seen): Seen =
        Seen(photo, answers.map { answering.limited(it, by.answers) }, quarters)
}

/** A box of a photo that was turned by a quarter, anticlockwise, in the photo before, which was so many pixels wide. */
private fun Box.beforeTurn(across: Int) = Box(across - y - height, x, height, width)

private fun lead(answer: Answer): Double = answer.hits.firstOrNull()?.score ?: -1.0

/**
 * How a photo is looked at, the same for every shelf: as it came, closely, as one thing, and turned where nobody knows the
 * way up.
 */
internal class Looking(private val encoder: Encoder, private val answering: Answering) {
    /** A photo's regions and the shelf's own answers: of the arguments see [Retriever.search]. */
    fun look(shelf: Shelf, photo: Photo, wish: Wish, whole: Boolean, anyWayUp: Boolean?, ms: Timings): Seen {
        val encoded = encoder.encode(photo, whole, ms)
        val searching = System.nanoTime()
        val boxes = looked(shelf, photo, encoded.map { answering.answer(shelf, it, wish) }, wish)
        ms.search += millisecondsSince(searching)
        val upright = Seen(photo, asOne(shelf, photo, boxes, wish, ms))
        val wanted = turns(upright.answers, anyWayUp)
        var shown = photo
        val turned = (1..(wanted.lastOrNull() ?: 0)).mapNotNull { quarters ->
            shown = shown.turned()
            if (quarters in wanted) Seen(photo, answered(shelf, shown, wish, whole, ms), quarters) else null
        }
        val best = turned.filter { it.mayCount(upright, answering) }.maxByOrNull { it.lead }
        return if (best == null || best.lead <= upright.lead + AHEAD_TURNED) upright else best.limited(answering, upright)
    }

    /** By how many quarters the photo is to be looked at turned, fewest first: none where something is trusted. */
    private fun turns(answers: List<Answer>, anyWayUp: Boolean?): List<Int> {
        if (anyWayUp == false || answers.any(answering::isTrusted)) return emptyList()
        if (anyWayUp == true) return ALL_TURNS
        val first = answers.firstOrNull() ?: return emptyList()
        return encoder.bundle.turnedHead?.turns(first.region.embedding.vector).orEmpty()
    }

    /** The photo turned; a print would have been found upright, since local features know no way up. */
    private fun answered(shelf: Shelf, turned: Photo, wish: Wish, whole: Boolean, ms: Timings): List<Answer> {
        val encoded = encoder.encode(turned, whole, ms)
        val searching = System.nanoTime()
        val answers = encoded.map { answering.answer(shelf, it, wish) }
        ms.search += millisecondsSince(searching)
        return answers
    }

    /**
     * The answers after a close look at the whole photo, where the shelf has prints.
     *
     * A print that no box claims gets a region of its own. A photo whose every answer is confident already is not looked at:
     * that would change next to nothing.
     */
    private fun looked(shelf: Shelf, photo: Photo, answers: List<Answer>, wish: Wish): List<Answer> {
        val seen = sightings(shelf, photo, answers)
        if (seen.isEmpty()) return answers
        val own = Deciding.unclaimed(seen, answers.map { it.region.detection.box }, photo.width, photo.height)
        val all = answers + own.map { answering.answer(shelf, encoder.encodePrint(photo, it), wish) }
        val looked = all.map { answering.looked(shelf, it, seen) }
        // What is certain stands out more than what the detector takes for something.
        return if (looked.none { it.isConfirmed }) looked else
            looked.sortedByDescending { prominence(it.seenAs, photo.width, photo.height) }
    }

    /** The answer for a region after a close look at its photo, if that is there. */
    fun looked(shelf: Shelf, photo: Photo?, answer: Answer): Answer =
        if (photo == null) answer else answering.looked(shelf, answer, sightings(shelf, photo, listOf(answer)))

    /**
     * The frame as one thing before boxes that may be its parts, no surer of itself than they are, if its first product is
     * nearer; else the boxes.
     */
    private fun asOne(shelf: Shelf, photo: Photo, boxes: List<Answer>, wish: Wish, ms: Timings): List<Answer> {
        if (!takesApart(photo, boxes)) return boxes
        val frame = encoder.encode(photo, whole = true, ms).single()
        val searching = System.nanoTime()
        val one = answering.answer(shelf, frame, wish)
        ms.search += millisecondsSince(searching)
        return if (lead(one) <= boxes.maxOf(::lead)) boxes else listOf(answering.limited(one, boxes)) + boxes
    }

    /**
     * Whether the boxes may be parts of one thing, which fills the photo: the detector is sure of none, and none is trusted, or
     * a print.
     */
    private fun takesApart(photo: Photo, answers: List<Answer>): Boolean {
        val found = answers.map { it.region.detection }
        if (found.any { it.group == FRAME || it.score >= SURE }) return false
        val all = around(found.map { it.box }) ?: return false
        return all.area / photo.frame.area >= WIDE && answers.none { it.isConfirmed || answering.isTrusted(it) }
    }

    private fun sightings(shelf: Shelf, photo: Photo, answers: List<Answer>): List<Sighting> {
        val closely = shelf.closely ?: return emptyList()
        if (answers.isNotEmpty() && answers.all(answering::isConfident)) return emptyList()
        return closely.sightings(photo, answers.flatMap { each -> each.hits.take(Closely.NEAREST).map { it.productId } })
    }
}
