package org.pocketshelf.core.closely

import kotlin.math.abs
import kotlin.math.sqrt

/**
 * A plane's way into a photo (Hartley and Zisserman, 2004, ch. 4): nine numbers, row after row, the last of them 1.
 *
 * @property h see the class.
 */
internal class Homography(val h: DoubleArray) {
    /** The point at [x], [y] into [into]; false where it would lie on the camera's own plane. */
    fun map(x: Double, y: Double, into: DoubleArray): Boolean {
        val depth = h[6] * x + h[7] * y + h[8]
        into[0] = (h[0] * x + h[1] * y + h[2]) / depth
        into[1] = (h[3] * x + h[4] * y + h[5]) / depth
        return depth != 0.0
    }

    companion object {
        private const val REFINEMENTS = 10

        /** The one that lays the points [from] upon [to], x and y of each, of [places], four at least; null where none does. */
        fun of(from: FloatArray, to: FloatArray, places: IntArray): Homography? {
            val own = Frame.of(from, places) ?: return null
            val photo = Frame.of(to, places) ?: return null
            // The last number is 1: with four points the solution is exact, with more it has the least algebraic error.
            val normal = DoubleArray(8 * 8)
            val right = DoubleArray(8)
            val row = DoubleArray(8)
            for (i in places) {
                val x = own.x(from[2 * i])
                val y = own.y(from[2 * i + 1])
                val u = photo.x(to[2 * i])
                val v = photo.y(to[2 * i + 1])
                for (k in 0..1) {
                    row.fill(0.0)
                    val target = if (k == 0) u else v
                    row[3 * k] = x
                    row[3 * k + 1] = y
                    row[3 * k + 2] = 1.0
                    row[6] = -x * target
                    row[7] = -y * target
                    add(row, target, normal, right)
                }
            }
            val solved = solve(normal, right) ?: return null
            return between(own, photo, solved + 1.0)
        }

        private fun add(row: DoubleArray, target: Double, normal: DoubleArray, right: DoubleArray) {
            for (a in 0 until 8) {
                if (row[a] == 0.0) continue
                right[a] += row[a] * target
                for (b in 0 until 8) normal[8 * a + b] += row[a] * row[b]
            }
        }

        /** [found] between normalised points, between the points themselves. */
        private fun between(own: Frame, photo: Frame, found: DoubleArray): Homography? {
            val h = DoubleArray(9)
            for (r in 0 until 3) {
                val a = found[3 * r] * own.across
                val b = found[3 * r + 1] * own.down
                h[3 * r] = a
                h[3 * r + 1] = b
                h[3 * r + 2] = found[3 * r + 2] - a * own.left - b * own.top
            }
            for (k in 0 until 3) {
                h[k] = h[k] / photo.across + photo.left * h[6 + k]
                h[3 + k] = h[3 + k] / photo.down + photo.top * h[6 + k]
            }
            val last = h[8]
            for (k in h.indices) h[k] /= last
            return Homography(h).takeIf { h.all { !it.isNaN() && !it.isInfinite() } }
        }

        /**
         * [start] with the least distances between where it lays the points [from] and [to]: Levenberg's and Marquardt's steps
         * (Marquardt, 1963).
         */
        fun refined(start: Homography, from: FloatArray, to: FloatArray, places: IntArray): Homography {
            var best = start
            var error = best.error(from, to, places)
            var damping = 1e-3
            repeat(REFINEMENTS) {
                val normal = DoubleArray(8 * 8)
                val right = DoubleArray(8)
                best.gather(from, to, places, normal, right)
                for (k in 0 until 8) normal[9 * k] *= 1 + damping
                val step = solve(normal, right) ?: return best
                val next = Homography(DoubleArray(9) { if (it < 8) best.h[it] + step[it] else 1.0 })
                val left = next.error(from, to, places)
                if (left < error) {
                    best = next
                    error = left
                    damping /= 10
                } else {
                    damping *= 10
                }
            }
            return best
        }

        /** The solution of an 8 x 8 system by elimination; null where it has none. Changes its arguments. */
        private fun solve(matrix: DoubleArray, right: DoubleArray): DoubleArray? {
            val n = right.size
            for (column in 0 until n) {
                var pivot = column
                for (row in column + 1 until n) {
                    if (abs(matrix[n * row + column]) > abs(matrix[n * pivot + column])) pivot = row
                }
                if (abs(matrix[n * pivot + column]) < 1e-13) return null
                if (pivot != column) swap(matrix, right, pivot, column)
                for (row in column + 1 until n) {
                    val factor = matrix[n * row + column] / matrix[n * column + column]
                    for (k in column until n) matrix[n * row + k] -= factor * matrix[n * column + k]
                    right[row] -= factor * right[column]
                }
            }
            for (row in n - 1 downTo 0) {
                for (k in row + 1 until n) right[row] -= matrix[n * row + k] * right[k]
                right[row] /= matrix[n * row + row]
            }
            return right
        }

        private fun swap(matrix: DoubleArray, right: DoubleArray, a: Int, b: Int) {
            val n = right.size
            for (k in 0 until n) {
                val spare = matrix[n * a + k]
                matrix[n * a + k] = matrix[n * b + k]
                matrix[n * b + k] = spare
            }
            val spare = right[a]
            right[a] = right[b]
            right[b] = spare
        }
    }

    private fun error(from: FloatArray, to: FloatArray, places: IntArray): Double {
        val at = DoubleArray(2)
        var sum = 0.0
        for (i in places) {
            map(from[2 * i].toDouble(), from[2 * i + 1].toDouble(), at)
            sum += (at[0] - to[2 * i]) * (at[0] - to[2 * i]) + (at[1] - to[2 * i + 1]) * (at[1] - to[2 * i + 1])
        }
        return if (sum.isNaN()) Double.POSITIVE_INFINITY else sum
    }

    private fun gather(from: FloatArray, to: FloatArray, places: IntArray, normal: DoubleArray, right: DoubleArray) {
        val row = DoubleArray(8)
        for (i in places) {
            val x = from[2 * i].toDouble()
            val y = from[2 * i + 1].toDouble()
            val depth = h[6] * x + h[7] * y + 1
            val u = (h[0] * x + h[1] * y + h[2]) / depth
            val v = (h[3] * x + h[4] * y + h[5]) / depth
            for (k in 0..1) {
                val mapped = if (k == 0) u else v
                row.fill(0.0)
                row[3 * k] = x / depth
                row[3 * k + 1] = y / depth
                row[3 * k + 2] = 1 / depth
                row[6] = -x * mapped / depth
                row[7] = -y * mapped / depth
                add(row, to[2 * i + k] - mapped, normal, right)
            }
        }
    }
}

/** Points moved and scaled to lie around 0, about 1 away in each direction, so that sums of their powers are of one size. */
private class Frame(val left: Double, val top: Double, val across: Double, val down: Double) {
    fun x(x: Float): Double = (x - left) * across

    fun y(y: Float): Double = (y - top) * down

    companion object {
        fun of(points: FloatArray, places: IntArray): Frame? {
            var left = 0.0
            var top = 0.0
            for (i in places) {
                left += points[2 * i] / places.size.toDouble()
                top += points[2 * i + 1] / places.size.toDouble()
            }
            var across = 0.0
            var down = 0.0
            for (i in places) {
                across += abs(points[2 * i] - left)
                down += abs(points[2 * i + 1] - top)
            }
            if (across < 1e-9 || down < 1e-9) return null
            return Frame(left, top, places.size / across, places.size / down)
        }
    }
}

/** The length of a step. */
internal fun length(x: Double, y: Double): Double = sqrt(x * x + y * y)
