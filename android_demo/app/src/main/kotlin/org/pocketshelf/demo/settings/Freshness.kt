package org.pocketshelf.demo.settings

/** How long ago something was, in the unit that a person would use. */
sealed class Freshness {
    /** It never was. */
    object Never : Freshness()

    /** Less than a minute ago, or ahead of a clock that was set back. */
    object Now : Freshness()

    /** [count] whole minutes ago, 1 to 59. */
    data class Minutes(val count: Int) : Freshness()

    /** [count] whole hours ago, 1 to 23. */
    data class Hours(val count: Int) : Freshness()

    /** [count] whole days ago. */
    data class Days(val count: Int) : Freshness()

    companion object {
        private const val MINUTE = 60_000L
        private const val HOUR = 60 * MINUTE
        private const val DAY = 24 * HOUR

        /** Of [then], in milliseconds since 1970, 0 for never, seen from [now]. */
        fun of(then: Long, now: Long): Freshness {
            val age = now - then
            return when {
                then <= 0 -> Never
                age < MINUTE -> Now
                age < HOUR -> Minutes((age / MINUTE).toInt())
                age < DAY -> Hours((age / HOUR).toInt())
                else -> Days((age / DAY).toInt())
            }
        }
    }
}
