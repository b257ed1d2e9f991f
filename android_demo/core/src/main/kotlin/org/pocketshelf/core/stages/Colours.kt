package org.pocketshelf.core.stages

import org.pocketshelf.core.formats.Preprocessing
import org.pocketshelf.core.stages.preprocess.Photo
import org.pocketshelf.core.stages.preprocess.Pixels
import org.pocketshelf.core.types.Box
import org.pocketshelf.core.types.Hit
import java.util.TreeMap
import kotlin.math.cbrt
import kotlin.math.exp
import kotlin.math.floor
import kotlin.math.pow
import kotlin.math.sqrt

/** The attribute of a product that holds the palettes of its pictures: `2b2f3a:41 e9e5df:22; …`. */
const val PALETTE = "palette"

/** Cosine that wholly other colours cost. */
private const val WEIGHT = 0.3

private const val MOST_COLOURS = 8
private const val MOST_PALETTES = 8

// What is looked at: the crop squashed to so many pixels a side, its middle more than its edge.
private const val SIDE = 48
private const val MIDDLE = 20.0
private val CROP = Preprocessing(SIDE, SIDE, maxAspect = 1e6)

// A ground: so much of the frame's edge is within so much of one colour. It is left out, unless next to nothing would
// be left.
private const val GROUND_SHARE = 0.6
private const val GROUND_DISTANCE = 12.0
private const val LEAST = 0.05

// Sides of a cell of CIELAB, whose pixels make one colour; and of a bin. Greys lie in the middle of a cell, not where
// four meet. What is further out of a* and b* counts as there.
private val CELL = doubleArrayOf(20.0, 15.0, 15.0)
private val OFFSET = doubleArrayOf(0.0, 0.5, 0.5)
private const val FURTHEST = 60.0
private const val A_BINS = 10
private const val B_BINS = 10
private const val SIZE = 7 * A_BINS * B_BINS

private val TOKEN = Regex("([0-9a-f]{6}):([0-9]{1,3})")
private val TO_LINEAR = DoubleArray(256) {
    val value = it / 255.0
    if (value <= 0.04045) value / 12.92 else ((value + 0.055) / 1.055).pow(2.4)
}
private val MIDDLE_WEIGHTS = DoubleArray(SIDE * SIDE) { exp(-(away(it / SIDE) + away(it % SIDE))) }

private fun away(place: Int): Double = ((place - (SIDE - 1) / 2.0) / MIDDLE).let { it * it }

/** The pixels whose colours are told, 48 by 48, of [box] in the photo's own pixels. */
fun lookedAt(photo: Photo, box: Box): Pixels = photo.networkInput(CROP, box)

/**
 * The palette of what [lookedAt] gave, as an attribute's text.
 *
 * Pixels of a plain ground are left out; those of one cell of CIELAB, 20 by 15 by 15, make a colour, their mean; the
 * eight with the largest shares are named, largest first.
 */
fun paletteOf(pixels: Pixels): String {
    val bytes = pixels.bytes
    val lab = Array(SIDE * SIDE) { lab(level(bytes, 3 * it), level(bytes, 3 * it + 1), level(bytes, 3 * it + 2)) }
    val isThing = isThing(lab)
    val cells = TreeMap<Int, Colour>()
    for (place in lab.indices) {
        if (!isThing[place]) continue
        val (l, a, b) = List(3) { floor(lab[place][it] / CELL[it] + OFFSET[it]).toInt() + 64 }
        cells.getOrPut((l shl 16) + (a shl 8) + b) { Colour() }.add(MIDDLE_WEIGHTS[place], bytes, 3 * place)
    }
    val largest = cells.values.sortedByDescending { it.mass }.take(MOST_COLOURS)
    val total = largest.sumOf { it.mass }
    return largest.map { it.hex to Math.rint(100 * it.mass / total).toInt() }.filter { it.second > 0 }
        .joinToString(" ") { (hex, share) -> "$hex:$share" }
}

/** What is gathered of the pixels of one cell. */
private class Colour {
    var mass = 0.0
        private set
    private val sums = DoubleArray(3)

    fun add(weight: Double, bytes: ByteArray, at: Int) {
        mass += weight
        for (channel in 0 until 3) sums[channel] += weight * level(bytes, at + channel)
    }

    val hex: String get() = sums.joinToString("") { "%02x".format(Math.rint(it / mass).toInt()) }
}

internal fun level(bytes: ByteArray, at: Int): Int = bytes[at].toInt() and 0xff

/**
 * The square roots of a palette's shares in the 700 bins of CIELAB, of length 1; each colour is shared by the eight
 * bins around it. The dot product of two is their likeness, 0 to 1; null of what is no palette.
 */
fun histogram(palette: String): FloatArray? {
    val filled = DoubleArray(SIZE)
    for ((rgb, share) in named(palette)) {
        val lab = lab(rgb shr 16, rgb shr 8 and 0xff, rgb and 0xff)
        val places = doubleArrayOf(
            lab[0].coerceIn(0.0, 100.0) / CELL[0],
            (lab[1] + FURTHEST).coerceIn(0.0, 2 * FURTHEST) / CELL[1],
            (lab[2] + FURTHEST).coerceIn(0.0, 2 * FURTHEST) / CELL[2],
        )
        for (corner in 0 until 8) {
            var part = share.toDouble()
            val bins = IntArray(3) { axis ->
                val low = floor(places[axis])
                val near = places[axis] - low
                val up = corner shr (2 - axis) and 1
                part *= if (up == 1) near else 1 - near
                low.toInt() + up
            }
            filled[(bins[0] * A_BINS + bins[1]) * B_BINS + bins[2]] += part
        }
    }
    val total = filled.sum()
    return if (total > 0) FloatArray(SIZE) { sqrt(filled[it] / total).toFloat() } else null
}

/** The [histogram] of each palette that can be read. */
fun histograms(palettes: List<String>): List<FloatArray> = palettes.mapNotNull { histogram(it.trim()) }

/** The colours and shares of a palette; nothing of what is none. */
private fun named(palette: String): List<Pair<Int, Int>> {
    val words = palette.split(" ", limit = MOST_COLOURS + 1)
    val found = words.mapNotNull { TOKEN.matchEntire(it)?.destructured }
    if (found.size != words.size || words.size > MOST_COLOURS) return emptyList()
    return found.map { (colour, share) -> colour.toInt(16) to share.toInt() }
}

/**
 * [hits] in their order when colours count: see [fallen].
 *
 * The best of the new order has the score that the best had before, and the others are as far behind as they have
 * fallen. Hits of several kinds are compared by colour among those of their own alone, so that no colour decides of
 * which kind the first is.
 *
 * @param hits with the scores of their vectors.
 * @param colours the [histogram]s of what is searched for, of which the likest counts.
 * @param kinds of each hit; all are of one kind if none are named.
 */
fun byColour(hits: List<Hit>, colours: List<FloatArray>, kinds: List<Any?> = emptyList()): List<Hit> {
    val ofKinds = hits.withIndex().groupBy({ kinds.getOrNull(it.index) }, { it.value }).values
    return ofKinds.flatMap { own ->
        val found = fallen(own, colours)
        val lead = own.maxOf { it.score } - found.maxOf { it.score }
        found.map { it.copy(score = it.score + lead) }
    }.sortedByDescending { it.score }
}

/**
 * [hits], each with its score less [WEIGHT] times what it is less alike than the likest.
 *
 * What states no palette falls as the others do on average, so that nothing is gained by stating none; where none of
 * [hits] does, as of a server that tells no attributes, none falls.
 *
 * @param among more that was found for it, with which [hits] are compared.
 */
fun fallen(hits: List<Hit>, colours: List<FloatArray>, among: List<Hit> = emptyList()): List<Hit> {
    val likeness = (hits + among).map { likeness(it, colours) }
    if (hits.indices.all { likeness[it] == null }) return hits
    val known = likeness.filterNotNull()
    val most = known.max()
    val mean = known.average()
    return hits.mapIndexed { place, hit -> hit.copy(score = hit.score - WEIGHT * (most - (likeness[place] ?: mean))) }
}

/** Of a product's likest picture; null of one that states no palette that can be read. */
private fun likeness(hit: Hit, colours: List<FloatArray>): Double? {
    val stated = hit.attributes[PALETTE] as? String ?: return null
    return histograms(stated.split(";").take(MOST_PALETTES)).maxOfOrNull { shown -> colours.maxOf { dot(shown, it) } }
}

private fun dot(a: FloatArray, b: FloatArray): Double {
    var sum = 0.0
    for (i in a.indices) sum += a[i].toDouble() * b[i]
    return sum
}

/** CIELAB of D65 (CIE 15:2004, 8.2.1) of an sRGB colour. */
private fun lab(red: Int, green: Int, blue: Int): DoubleArray {
    val r = TO_LINEAR[red]
    val g = TO_LINEAR[green]
    val b = TO_LINEAR[blue]
    // To XYZ, as shares of the white of D65 (IEC 61966-2-1).
    val x = cubeRoot((0.4124 * r + 0.3576 * g + 0.1805 * b) / 0.9505)
    val y = cubeRoot(0.2126 * r + 0.7152 * g + 0.0722 * b)
    val z = cubeRoot((0.0193 * r + 0.1192 * g + 0.9505 * b) / 1.089)
    return doubleArrayOf(116 * y - 16, 500 * (x - y), 200 * (y - z))
}

private fun cubeRoot(share: Double): Double = if (share > 0.008856) cbrt(share) else 7.787 * share + 16.0 / 116

/** For each pixel whether it is of the thing: all, where there is no plain ground. */
private fun isThing(lab: Array<DoubleArray>): BooleanArray {
    val last = SIDE - 1
    val edge = (0 until SIDE).flatMap { listOf(lab[it], lab[last * SIDE + it], lab[it * SIDE], lab[it * SIDE + last]) }
    val ground = DoubleArray(3) { axis ->
        val sorted = edge.map { it[axis] }.sorted()
        (sorted[sorted.size / 2 - 1] + sorted[sorted.size / 2]) / 2
    }
    val isThing = BooleanArray(lab.size) { distance(lab[it], ground) >= GROUND_DISTANCE }
    val isPlain = edge.count { distance(it, ground) < GROUND_DISTANCE } > GROUND_SHARE * edge.size
    val isEnough = isThing.count { it } >= LEAST * lab.size
    return if (isPlain && isEnough) isThing else BooleanArray(lab.size) { true }
}

private fun distance(a: DoubleArray, b: DoubleArray): Double {
    var sum = 0.0
    for (i in a.indices) sum += (a[i] - b[i]) * (a[i] - b[i])
    return sqrt(sum)
}
