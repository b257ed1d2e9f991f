package org.pocketshelf.core.formats

import java.nio.ByteBuffer
import java.nio.ByteOrder

/**
 * The local features of a shelf's prints (`org.pocketshelf.core.closely`); format version 2, as
 * `sdk/pocketshelf/formats/features.py` describes it.
 *
 * Features lie product after product in the order of the shard's ids, of feature f the descriptor's 256 bits in four words
 * from 4 · f on, the first bit the lowest of the first.
 *
 * @property sequence of the shard that they are all the features of; later pictures may lack theirs.
 * @property counts features of each product.
 * @property shapes 1,024ths of the width by the height of each product's picture.
 * @property words descriptors that stand for their neighbourhoods.
 */
class FeatureTable private constructor(
    val sequence: Long,
    val counts: IntArray,
    val shapes: IntArray,
    val words: LongArray,
    private val features: Columns,
) {
    /** What is kept of each feature. */
    private class Columns(size: Int) {
        val words = CharArray(size)
        val xs = CharArray(size)
        val ys = CharArray(size)
        val sizes = ByteArray(size)
        val angles = ByteArray(size)
        val descriptors = LongArray(WORDS * size)

        fun copy(from: Columns, start: Int, at: Int, count: Int) {
            System.arraycopy(from.words, start, words, at, count)
            System.arraycopy(from.xs, start, xs, at, count)
            System.arraycopy(from.ys, start, ys, at, count)
            System.arraycopy(from.sizes, start, sizes, at, count)
            System.arraycopy(from.angles, start, angles, at, count)
            System.arraycopy(from.descriptors, WORDS * start, descriptors, WORDS * at, WORDS * count)
        }
    }

    /** Of each product the first of its features, and of all one past the last. */
    val starts = IntArray(counts.size + 1).also { starts ->
        for (place in counts.indices) starts[place + 1] = starts[place] + counts[place]
    }

    /** How many features there are. */
    val size: Int get() = starts.last()

    /** How many products have features. */
    val prints: Int get() = counts.count { it > 0 }

    /** See the class. */
    val descriptors: LongArray get() = features.descriptors

    /** The place of a feature's word. */
    fun word(feature: Int): Int = features.words[feature].code

    /** Where a feature lies, in 65,535ths of the picture's width. */
    fun x(feature: Int): Int = features.xs[feature].code

    /** The same of the height. */
    fun y(feature: Int): Int = features.ys[feature].code

    /** A feature's size in 32nds of an octave, 128 for none. */
    fun size(feature: Int): Int = features.sizes[feature].toInt() and 255

    /** A feature's angle in 256ths of a turn. */
    fun angle(feature: Int): Int = features.angles[feature].toInt() and 255

    /** The file's bytes. */
    fun toBytes(): ByteArray {
        val out = ByteBuffer.allocate(HEAD + 4 * counts.size + DESCRIPTOR * (words.size / WORDS) + FEATURE * size)
            .order(ByteOrder.LITTLE_ENDIAN)
        out.putLong(sequence).putInt(counts.size).putInt(size).putInt(words.size / WORDS)
        for (count in counts) out.putShort(count.toShort())
        for (shape in shapes) out.putShort(shape.toShort())
        for (bits in words) out.putLong(bits)
        for (i in 0 until size) {
            out.putChar(features.words[i]).putChar(features.xs[i]).putChar(features.ys[i])
            out.put(features.sizes[i]).put(features.angles[i])
            for (k in WORDS * i until WORDS * (i + 1)) out.putLong(features.descriptors[k])
        }
        return out.array()
    }

    /** The same of the products at [places], in their order; of one at -1 there are none. */
    fun picked(places: IntArray): FeatureTable = assembled(sequence, words, places.size) { this to places[it] }

    /** The table that a file of changes since this one leads to; null where the bytes are none for it. */
    fun changed(data: ByteArray): FeatureTable? {
        if (data.size < HEAD) return null
        val bytes = ByteBuffer.wrap(data).order(ByteOrder.LITTLE_ENDIAN)
        val count = bytes.getInt(8).toLong() and MASK
        if (count > counts.size || data.size < HEAD + 4 * count) return null
        val found = parsed(data, count.toInt(), words, 4 * count.toInt()) ?: return null
        // Of each product that changed, its place among those that did, from 1 on.
        val changed = IntArray(counts.size)
        var last = -1L
        for (i in 0 until count.toInt()) {
            val place = bytes.getInt(HEAD + 4 * i).toLong() and MASK
            if (place <= last || place >= counts.size) return null
            last = place
            changed[place.toInt()] = i + 1
        }
        return assembled(found.sequence, words, counts.size) {
            if (changed[it] == 0) this to it else found to changed[it] - 1
        }
    }

    companion object {
        /** 64-bit words of a descriptor. */
        const val WORDS = 4
        const val MOST_PRODUCTS = 100_000
        const val MOST_FEATURES = 150
        const val MOST_WORDS = 4096

        /** 1 of a picture's shape. */
        const val SHAPE = 1024
        private const val HEAD = 20
        private const val DESCRIPTOR = 32
        private const val FEATURE = 40
        private const val MASK = 0xffffffffL

        /** The longest that the features of so many [products] can be, and changes of as many. */
        fun mostBytes(products: Int): Long =
            HEAD + MOST_WORDS.toLong() * DESCRIPTOR + minOf(products, MOST_PRODUCTS).toLong() * (8 + MOST_FEATURES * FEATURE)

        /** What the features at [sequence] of a [shard] are signed as, or their changes since [base]. */
        fun targetName(shard: String, sequence: Long, base: Long? = null): String =
            "$shard/features-${if (base == null) "" else "${java.lang.Long.toUnsignedString(base)}-"}$sequence.gz"

        /** The table of a shard with so many [products]; null where the bytes are not of this format. */
        fun parse(data: ByteArray, products: Int): FeatureTable? = parsed(data, products, null, 0)

        /**
         * @param known the words that go on, of changes, which bring none.
         * @param gap so many bytes behind the head are something else.
         */
        private fun parsed(data: ByteArray, products: Int, known: LongArray?, gap: Int): FeatureTable? {
            if (data.size < HEAD) return null
            val bytes = ByteBuffer.wrap(data).order(ByteOrder.LITTLE_ENDIAN)
            val sequence = bytes.getLong()
            val (held, count, own) = List(3) { bytes.getInt().toLong() and MASK }
            if (held != products.toLong() || held > MOST_PRODUCTS || own > MOST_WORDS || (known != null && own > 0)) return null
            if (data.size.toLong() - gap != HEAD + 4 * held + DESCRIPTOR * own + FEATURE * count) return null
            bytes.position(HEAD + gap)
            val counts = IntArray(products) { bytes.getShort().toInt() and 0xffff }
            val shapes = IntArray(products) { bytes.getShort().toInt() and 0xffff }
            val words = LongArray(WORDS * own.toInt()) { bytes.getLong() }
            val features = columns(bytes, count.toInt())
            val table = FeatureTable(sequence, counts, shapes, known ?: words, features)
            val isSound = counts.sumOf { it.toLong() } == count && counts.all { it <= MOST_FEATURES } && shapes.all { it > 0 } &&
                features.words.all { it.code < table.words.size / WORDS }
            return table.takeIf { isSound }
        }

        private fun columns(bytes: ByteBuffer, count: Int): Columns {
            val found = Columns(count)
            for (i in 0 until count) {
                found.words[i] = bytes.getChar()
                found.xs[i] = bytes.getChar()
                found.ys[i] = bytes.getChar()
                found.sizes[i] = bytes.get()
                found.angles[i] = bytes.get()
                for (k in WORDS * i until WORDS * (i + 1)) found.descriptors[k] = bytes.getLong()
            }
            return found
        }

        /** The table of [size] products, of each the features of a product of another table; none of one at -1. */
        private fun assembled(
            sequence: Long, words: LongArray, size: Int, from: (Int) -> Pair<FeatureTable, Int>,
        ): FeatureTable {
            val counts = IntArray(size) { from(it).let { (table, place) -> if (place < 0) 0 else table.counts[place] } }
            val shapes = IntArray(size) { if (counts[it] == 0) SHAPE else from(it).let { (table, place) -> table.shapes[place] } }
            val features = Columns(counts.sum())
            var at = 0
            for (i in 0 until size) {
                if (counts[i] == 0) continue
                val (table, place) = from(i)
                features.copy(table.features, table.starts[place], at, counts[i])
                at += counts[i]
            }
            return FeatureTable(sequence, counts, shapes, words, features)
        }
    }
}
