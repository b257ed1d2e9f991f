package org.pocketshelf.core.formats

import org.pocketshelf.core.PocketshelfError

/**
 * Typed access to one JSON object from outside; every getter throws what [error] makes, naming file and field.
 *
 * @param where the file's path, and the path of this object in it.
 * @param error makes the error of a message.
 */
class Fields(document: Any?, val where: String, private val error: (String) -> PocketshelfError) {
    private val document: Map<String, Any?>

    init {
        if (document !is Map<*, *>) throw error("$where: must be a JSON object")
        @Suppress("UNCHECKED_CAST")
        this.document = document as Map<String, Any?>
    }

    /** The names in the object. */
    val names: Set<String> get() = document.keys

    /** The error to throw about [key]. */
    fun problem(key: String, what: String): PocketshelfError = error("$where: '$key' $what")

    /** Whether [key] is there and not null. */
    fun has(key: String): Boolean = document[key] != null

    /** The object at [key]. */
    fun child(key: String): Fields = Fields(get(key), "$where: $key", error)

    /** The object at [key]; an empty one where it is absent or null. */
    fun optionalChild(key: String): Fields =
        if (has(key)) child(key) else Fields(emptyMap<String, Any?>(), "$where: $key", error)

    /** The object at [key] as it stands. */
    fun mapping(key: String): Map<String, Any?> = child(key).document

    /** The objects of the list at [key]. */
    fun children(key: String): List<Fields> {
        val values = get(key) as? List<*> ?: throw problem(key, "must be a list")
        return values.mapIndexed { i, value -> Fields(value, "$where: $key[$i]", error) }
    }

    /** A string that is not empty. */
    fun text(key: String): String {
        val value = get(key)
        if (value !is String || value.isEmpty()) throw problem(key, "must be a text that is not empty")
        return value
    }

    /** A string; null where it is absent, null or empty. */
    fun optionalText(key: String): String? = if (document[key] == null || document[key] == "") null else text(key)

    /** A list of distinct strings, not empty. */
    fun texts(key: String): List<String> {
        val values = get(key) as? List<*>
        if (values.isNullOrEmpty() || !values.all { it is String && it.isNotEmpty() }) {
            throw problem(key, "must be a list of texts")
        }
        if (values.toSet().size != values.size) throw problem(key, "names something twice")
        return values.map { it as String }
    }

    /** An integer, at least [low]. */
    fun integer(key: String, low: Long? = null): Long {
        val value = get(key)
        if (value !is Long || (low != null && value < low)) {
            throw problem(key, "must be an integer" + if (low == null) "" else " of at least $low")
        }
        return value
    }

    /** A list of at least two integers, each at least [low]; strides and sizes are such. */
    fun integers(key: String, low: Long? = null): List<Long> {
        val values = get(key) as? List<*>
        if (values == null || values.size < 2) throw problem(key, "must be a list of at least two integers")
        val parts = Fields(values.withIndex().associate { "${it.index}" to it.value }, "$where: $key", error)
        return values.indices.map { parts.integer("$it", low) }
    }

    /** A finite number within [low, high]; [default] where it is absent, if one is given. */
    fun number(key: String, default: Double? = null, low: Double? = null, high: Double? = null): Double {
        val value = if (default != null && key !in document) default else get(key)
        if (value !is Long && value !is Double) throw problem(key, "must be a number")
        val number = (value as Number).toDouble()
        if (number.isNaN() || number.isInfinite()) throw problem(key, "must be a number")
        if ((low != null && number < low) || (high != null && number > high)) {
            throw problem(key, "must lie in [$low, $high]")
        }
        return number
    }

    /** A list of finite numbers, each within [low, high]. */
    fun numbers(key: String, low: Double? = null, high: Double? = null): List<Double> {
        val values = get(key) as? List<*> ?: throw problem(key, "must be a list of numbers")
        val parts = Fields(values.withIndex().associate { "${it.index}" to it.value }, "$where: $key", error)
        return values.indices.map { parts.number("$it", low = low, high = high) }
    }

    /**
     * The value at [key] as it stands: a [Map], [List], [String], [Long], [Double], [Boolean] or null.
     *
     * @throws PocketshelfError it is missing.
     */
    fun get(key: String): Any? {
        if (key !in document) throw problem(key, "is missing")
        return document[key]
    }
}
