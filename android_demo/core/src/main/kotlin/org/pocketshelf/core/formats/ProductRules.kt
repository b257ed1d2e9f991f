package org.pocketshelf.core.formats

/**
 * What a stored product may be. Every function throws [IllegalArgumentException] with a message that names the product.
 *
 * What of it SQL can say is in `contract/sql/check_*.sql`, too.
 */
object ProductRules {
    /** Code points of an id, a category, a title or an image's name. */
    const val MAX_TEXT = 4096
    const val MAX_VECTORS = 32

    /** Bytes of a product's texts and attributes. */
    const val MAX_ROW = 1_000_000

    /** Lists and objects within each other in the attributes. */
    const val MAX_DEPTH = 16

    /** The product of a stored row: id, sequence, category, title, image, attributes, vectors. */
    fun read(row: Row, dimension: Int): Product {
        val (id, sequence, category, title, image) = row
        val blob = row[6]
        require(id is String && id.isNotEmpty()) { "a product without an id" }
        require(sequence is Long && blob is ByteArray) { "product '$id': a column of the wrong type" }
        require(blob.isNotEmpty() && blob.size % dimension == 0) {
            "product '$id': ${blob.size} bytes are no vectors of $dimension"
        }
        require(blob.size / dimension <= MAX_VECTORS) {
            "'$id': needs 1 to $MAX_VECTORS vectors, has ${blob.size / dimension}"
        }
        checkColumns(id, category, title, image, row[5])
        val attributes = attributes(id, row[5] as String)
        return Product(id, sequence, category as String, title as String, image as String?, attributes, blob, dimension)
    }

    /** Refuse a stored row for its texts: id, category, title, image, attributes. */
    fun checkTexts(row: Row) {
        checkColumns(row[0], row[1], row[2], row[3], row[4])
        attributes(row[0] as String, row[4] as String)
    }

    private fun checkColumns(id: Any?, category: Any?, title: Any?, image: Any?, attributes: Any?) {
        require(id is String && category is String && title is String && attributes is String && image is String?) {
            "product '$id': a column of the wrong type"
        }
        checkName("product_id", id)
        checkName("category", category)
        require(isShort(title) && isShort(image.orEmpty())) {
            "'$id': title and image must have at most $MAX_TEXT characters"
        }
        if (!image.isNullOrEmpty()) checkControls("'$id': image", image)
        val texts = listOf(id, category, title, image.orEmpty(), attributes)
        require(texts.none { '\u0000' in it }) { "'$id': a text holds a NUL" }
        require(texts.all(StrictJson::isUnicode)) { "'$id': cannot be stored: it is no whole Unicode text" }
        require(texts.sumOf(::utf8Length) <= MAX_ROW) { "'$id': its texts and attributes are longer than $MAX_ROW bytes" }
    }

    private fun checkName(name: String, text: String) {
        require(text.isNotEmpty() && isShort(text)) { "$name must have 1 to $MAX_TEXT characters" }
        checkControls(name, text)
    }

    private fun checkControls(name: String, text: String) {
        val found = text.find { it < ' ' || it in '\u007f'..'\u009f' } ?: return
        throw IllegalArgumentException("$name holds " + if (found == '\u0000') "a NUL" else "a control character")
    }

    private fun isShort(text: String) = text.codePointCount(0, text.length) <= MAX_TEXT

    private fun utf8Length(text: String): Int {
        var length = text.length
        for (letter in text) {
            if (letter >= '\u0800' && !letter.isSurrogate()) length += 2 else if (letter >= '\u0080') length += 1
        }
        return length
    }

    private fun attributes(id: String, text: String): Map<String, Any?> {
        val parsed = try {
            StrictJson.parse(text, MAX_DEPTH)
        } catch (error: IllegalArgumentException) {
            throw IllegalArgumentException("product '$id': attributes: ${error.message}", error)
        }
        require(parsed is Map<*, *>) { "product '$id': attributes are no JSON object" }
        @Suppress("UNCHECKED_CAST")
        return parsed as Map<String, Any?>
    }
}
