package org.pocketshelf.core.network

import java.time.DateTimeException
import java.time.Duration
import java.time.Instant
import java.time.ZonedDateTime
import java.time.format.DateTimeFormatter

/** What a server that is busy asks for: the `Retry-After` of an answer (RFC 9110, 10.2.3). */
object RetryAfter {
    private val DIGITS = Regex("[0-9]{1,8}")

    /**
     * Seconds from [now] on, 0 for what is past; null where the header is missing or makes no sense.
     *
     * @param text seconds as digits, or a date.
     */
    fun seconds(text: String?, now: Instant): Double? = when {
        text == null -> null
        DIGITS.matches(text) -> text.toDouble()
        else -> try {
            val moment = ZonedDateTime.parse(text, DateTimeFormatter.RFC_1123_DATE_TIME).toInstant()
            maxOf(0.0, Duration.between(now, moment).toMillis() / 1000.0)
        } catch (_: DateTimeException) {
            null
        } catch (_: ArithmeticException) {
            null
        }
    }
}
