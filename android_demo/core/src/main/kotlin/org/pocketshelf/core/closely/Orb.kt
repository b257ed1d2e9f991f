package org.pocketshelf.core.closely

import org.pocketshelf.core.formats.FeatureTable.Companion.WORDS
import kotlin.math.cos
import kotlin.math.sin

/**
 * ORB (Rublee et al., ICCV 2011) as OpenCV computes it by default, but for the threshold of FAST and the edge: corners of a
 * [picture]'s pyramid, and of some of them what they look like.
 *
 * @param wanted so many corners, those of the highest Harris response of each level's share.
 */
internal class Orb(private val picture: Grey, wanted: Int) {
    private val pyramid = Pyramid(picture)
    private val corners: List<Corners> = shares(wanted).mapIndexed { level, share ->
        val shown = pyramid.levels[level]
        // FAST finds more than good corners: twice as many as wanted are measured by Harris' response.
        val likely = fastCorners(shown, FAST_THRESHOLD, EDGE).best(2 * share)
        likely.rated { x, y -> harris(shown, x, y) }.best(share)
    }
    private val starts = IntArray(corners.size + 1).also { starts ->
        corners.forEachIndexed { level, found -> starts[level + 1] = starts[level] + found.size }
    }

    /** How many corners there are, level after level. */
    val size: Int get() = starts.last()

    /** Harris' response of each. */
    val strengths = FloatArray(size).also { all ->
        corners.forEachIndexed { level, found -> found.strengths.copyInto(all, starts[level], 0, found.size) }
    }

    /** The level of corner [place]. */
    fun level(place: Int): Int = corners.indices.last { starts[it] <= place && starts[it] < starts[it + 1] }

    /** Where corner [place] lies, as a share of the picture's width. */
    fun x(place: Int): Float = level(place).let { share(corners[it].xs[place - starts[it]], it, picture.width) }

    /** The same of the height. */
    fun y(place: Int): Float = level(place).let { share(corners[it].ys[place - starts[it]], it, picture.height) }

    private fun share(pixel: Int, level: Int, length: Int): Float =
        ((pixel * pyramid.scales[level]).toDouble() / length).toFloat()

    /** The angles in degrees and the descriptors, four words each, of the corners at [places]. */
    fun described(places: IntArray): Pair<FloatArray, LongArray> {
        val angles = FloatArray(places.size)
        val descriptors = LongArray(WORDS * places.size)
        for (level in corners.indices) {
            val those = places.indices.filter { places[it] >= starts[level] && places[it] < starts[level + 1] }
            if (those.isEmpty()) continue
            val shown = pyramid.levels[level]
            val smooth = blurred(shown)
            for (i in those) {
                val at = places[i] - starts[level]
                val x = corners[level].xs[at]
                val y = corners[level].ys[at]
                angles[i] = angle(shown, x, y)
                describe(smooth, x, y, angles[i], descriptors, WORDS * i)
            }
        }
        return angles to descriptors
    }

    private companion object {
        const val FAST_THRESHOLD = 12
        const val EDGE = 20
        const val HARRIS_RADIUS = 3
        const val HARRIS_K = 0.04f

        // Sums of 7 x 7 squared derivatives as a number of about 1.
        private const val HARRIS_SCALE = 1f / (4 * 7 * 255f)
        const val HARRIS_UNIT = HARRIS_SCALE * HARRIS_SCALE * HARRIS_SCALE * HARRIS_SCALE
        const val RADIUS = 15

        // How far a circle of that radius reaches to each side, in each row from its middle on.
        val REACH = intArrayOf(15, 15, 15, 15, 14, 14, 14, 13, 13, 12, 11, 10, 9, 8, 6, 3)
        const val TO_RADIANS = (Math.PI / 180).toFloat()

        /** Of so many corners in all, how many each level has: fewer by the square of the scale. */
        fun shares(wanted: Int): IntArray {
            val factor = (1.0 / Pyramid.SCALE).toFloat()
            var share = wanted * (1 - factor) / (1 - Math.pow(factor.toDouble(), Pyramid.LEVELS.toDouble()).toFloat())
            val found = IntArray(Pyramid.LEVELS)
            for (level in 0 until Pyramid.LEVELS - 1) {
                found[level] = Math.rint(share.toDouble()).toInt()
                share *= factor
            }
            found[Pyramid.LEVELS - 1] = maxOf(0, wanted - found.sum())
            return found
        }

        /** Harris' response (Harris and Stephens, 1988) of 7 x 7 pixels. */
        fun harris(picture: Grey, x: Int, y: Int): Float {
            val bytes = picture.bytes
            val step = picture.width
            var a = 0
            var b = 0
            var c = 0
            for (row in y - HARRIS_RADIUS..y + HARRIS_RADIUS) {
                for (at in row * step + x - HARRIS_RADIUS..row * step + x + HARRIS_RADIUS) {
                    val upperLeft = bytes[at - step - 1].toInt() and 255
                    val upper = bytes[at - step].toInt() and 255
                    val upperRight = bytes[at - step + 1].toInt() and 255
                    val left = bytes[at - 1].toInt() and 255
                    val right = bytes[at + 1].toInt() and 255
                    val lowerLeft = bytes[at + step - 1].toInt() and 255
                    val lower = bytes[at + step].toInt() and 255
                    val lowerRight = bytes[at + step + 1].toInt() and 255
                    val across = (right - left) * 2 + (upperRight - upperLeft) + (lowerRight - lowerLeft)
                    val down = (lower - upper) * 2 + (lowerLeft - upperLeft) + (lowerRight - upperRight)
                    a += across * across
                    b += down * down
                    c += across * down
                }
            }
            val sum = a.toFloat() + b
            return (a.toFloat() * b - c.toFloat() * c - HARRIS_K * sum * sum) * HARRIS_UNIT
        }

        /** The direction from a corner to the centroid of the patch around it, in degrees, clockwise. */
        fun angle(picture: Grey, x: Int, y: Int): Float {
            val bytes = picture.bytes
            var across = 0
            var down = 0
            val middle = y * picture.width + x
            for (u in -RADIUS..RADIUS) across += u * (bytes[middle + u].toInt() and 255)
            for (v in 1..RADIUS) {
                var difference = 0
                for (u in -REACH[v]..REACH[v]) {
                    val lower = bytes[middle + v * picture.width + u].toInt() and 255
                    val upper = bytes[middle - v * picture.width + u].toInt() and 255
                    difference += lower - upper
                    across += u * (lower + upper)
                }
                down += v * difference
            }
            return degrees(down.toFloat(), across.toFloat())
        }

        /** The bits of a corner at [x], [y]: of each pair of the turned pattern whether the first is darker. */
        fun describe(picture: Grey, x: Int, y: Int, angle: Float, into: LongArray, start: Int) {
            val turn = angle * TO_RADIANS
            val a = cos(turn.toDouble()).toFloat()
            val b = sin(turn.toDouble()).toFloat()
            val middle = y * picture.width + x
            for (word in 0 until WORDS) {
                var bits = 0L
                for (bit in 0 until 64) {
                    val at = 4 * (64 * word + bit)
                    val first = value(picture, middle, ORB_PATTERN[at], ORB_PATTERN[at + 1], a, b)
                    val second = value(picture, middle, ORB_PATTERN[at + 2], ORB_PATTERN[at + 3], a, b)
                    if (first < second) bits = bits or (1L shl bit)
                }
                into[start + word] = bits
            }
        }

        private fun value(picture: Grey, middle: Int, x: Int, y: Int, a: Float, b: Float): Int {
            val across = Math.rint((x * a - y * b).toDouble()).toInt()
            val down = Math.rint((x * b + y * a).toDouble()).toInt()
            return picture.bytes[middle + down * picture.width + across].toInt() and 255
        }

        // OpenCV's `fastAtan2`, off by at most 0.01 degrees: a polynomial of the smaller side by the larger.
        private const val P1 = 0.9997878412794807f * (180 / Math.PI).toFloat()
        private const val P3 = -0.3258083974640975f * (180 / Math.PI).toFloat()
        private const val P5 = 0.1555786518463281f * (180 / Math.PI).toFloat()
        private const val P7 = -0.04432655554792128f * (180 / Math.PI).toFloat()
        private const val TINY = 2.2204460492503131e-16.toFloat()

        fun degrees(y: Float, x: Float): Float {
            val across = Math.abs(x)
            val down = Math.abs(y)
            val isFlat = across >= down
            val c = if (isFlat) down / (across + TINY) else across / (down + TINY)
            val square = c * c
            val small = (((P7 * square + P5) * square + P3) * square + P1) * c
            var angle = if (isFlat) small else 90f - small
            if (x < 0) angle = 180f - angle
            if (y < 0) angle = 360f - angle
            return angle
        }
    }
}
