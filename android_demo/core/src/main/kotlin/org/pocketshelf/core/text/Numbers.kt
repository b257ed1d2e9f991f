package org.pocketshelf.core.text

import java.math.BigDecimal

/**
 * A finite number as Python's `repr` writes it, on which hashes of JSON rest: the shortest digits that read back
 * as the same number, an exponent only below 1e-4 and from 1e16 on.
 */
fun pythonNumber(value: Double): String {
    if (value == 0.0) return if (1 / value < 0) "-0.0" else "0.0"
    val shortest = BigDecimal(shortestDigits(value)).stripTrailingZeros()
    val exponent = shortest.precision() - shortest.scale() - 1
    if (exponent in -4..15) {
        val plain = shortest.toPlainString()
        return if ('.' in plain) plain else "$plain.0"
    }
    val digits = shortest.unscaledValue().abs().toString()
    val mantissa = if (digits.length == 1) digits else "${digits[0]}.${digits.substring(1)}"
    val sign = if (exponent < 0) '-' else '+'
    return "${if (value < 0) "-" else ""}${mantissa}e$sign${Math.abs(exponent).toString().padStart(2, '0')}"
}

// Java before 19 may give a digit more than is needed.
private fun shortestDigits(value: Double): String {
    val given = value.toString()
    for (precision in 1..16) {
        val tried = "%.${precision - 1}e".format(java.util.Locale.ROOT, value)
        if (tried.toDouble() == value) return if (tried.length < given.length || precision < 16) tried else given
    }
    return given
}
