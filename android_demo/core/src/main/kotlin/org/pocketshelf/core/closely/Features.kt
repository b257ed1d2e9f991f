package org.pocketshelf.core.closely

import org.pocketshelf.core.stages.preprocess.Pixels
import kotlin.math.ceil
import kotlin.math.ln

/**
 * The local features of one picture, n of them; see `sdk/pocketshelf/closely/features.py`.
 *
 * @property points x and y of each, as shares of the picture's width and height.
 * @property sizes octaves: log2 of the scale, in a picture of the longer side 400.
 * @property angles turns in [0, 1), clockwise.
 * @property descriptors four words each.
 */
class Features(val points: FloatArray, val sizes: FloatArray, val angles: FloatArray, val descriptors: LongArray) {
    /** How many there are. */
    val size: Int get() = sizes.size

    companion object {
        private const val GALLERY_SIDE = 400
        private const val PHOTO_SIDE = 640
        private const val WANTED = 500

        // Before the choice, so many times the wanted are looked for.
        private const val SPARE = 3
        private const val GRID = 6
        private const val FULL = 3.0
        private const val WEAKEST = 1e-9f

        /** Those of a photo that is searched, at most 500; null of what is too narrow to have any. */
        fun ofPhoto(pixels: Pixels): Features? {
            val grey = greyOf(pixels, PHOTO_SIDE) ?: return null
            val orb = Orb(grey, SPARE * WANTED)
            val found = FloatArray(2 * orb.size) { if (it % 2 == 0) orb.x(it / 2) else orb.y(it / 2) }
            val places = spread(found, orb.strengths, WANTED)
            val octave = log2(1.2)
            val first = log2(GALLERY_SIDE.toDouble() / maxOf(grey.width, grey.height))
            val (angles, descriptors) = orb.described(places)
            return Features(
                FloatArray(2 * places.size) { found[2 * places[it / 2] + it % 2] },
                FloatArray(places.size) { orb.level(places[it]) * octave + first },
                FloatArray(places.size) { (angles[it] / 360f) % 1f },
                descriptors,
            )
        }

        private fun log2(value: Double): Float = (ln(value) / ln(2.0)).toFloat()

        /** Places of the strongest, of no cell of a grid much more than its share while others have some. */
        internal fun spread(points: FloatArray, strengths: FloatArray, wanted: Int): IntArray {
            val weights = FloatArray(strengths.size) { maxOf(strengths[it], WEAKEST) }
            val order = weights.indices.sortedWith { a, b -> weights[b].compareTo(weights[a]) }
            val cap = ceil(FULL * wanted / (GRID * GRID)).toInt()
            val held = IntArray(GRID * GRID)
            val (within, beyond) = order.partition { held[cell(points, it)]++ < cap }
            return (within + beyond).take(wanted).toIntArray()
        }

        private fun cell(points: FloatArray, place: Int): Int {
            val column = minOf((points[2 * place] * GRID).toInt(), GRID - 1)
            return column + GRID * minOf((points[2 * place + 1] * GRID).toInt(), GRID - 1)
        }
    }
}
