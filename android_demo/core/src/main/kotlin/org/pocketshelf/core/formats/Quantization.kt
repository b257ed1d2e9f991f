package org.pocketshelf.core.formats

import kotlin.math.abs
import kotlin.math.max
import kotlin.math.sqrt

/**
 * A float vector as it is stored: round(v · 127 / max|v|), halves to the even number; the length is not kept, since a
 * cosine does not care for it.
 *
 * @throws IllegalArgumentException a number is not finite.
 */
fun quantizeVector(vector: FloatArray): ByteArray {
    var top = 0f
    for (x in vector) {
        require(!x.isNaN() && !x.isInfinite()) { "a vector holds NaN or infinity" }
        top = max(top, abs(x))
    }
    if (top == 0f) top = 1f
    // Divided first: 127 / top would overflow for vectors of nearly no length.
    return ByteArray(vector.size) { Math.rint((vector[it] / top * 127f).toDouble()).toInt().toByte() }
}

/** Length of a vector, computed in double precision. */
fun lengthOf(vector: FloatArray): Double {
    var sum = 0.0
    for (x in vector) sum += x.toDouble() * x
    return sqrt(sum)
}

/** [vector] with length 1. Quantized models leave the sphere, so that this is done here, always. */
fun normalised(vector: FloatArray): FloatArray {
    val length = max(lengthOf(vector).toFloat(), 1e-9f)
    return FloatArray(vector.size) { vector[it] / length }
}
