package org.pocketshelf.core.stages

import org.pocketshelf.core.stages.preprocess.Pixels
import kotlin.math.cbrt
import kotlin.math.pow

// A photo whose brightest hundredth is below DARK is lifted so far that it comes to LIFTED. What is blacker than
// LEAST_BRIGHT says nothing of the light.
private const val BRIGHTEST = 0.99
private const val DARK = 200
private const val LIFTED = 250.0
private const val LEAST_BRIGHT = 8

// A veil is white: where the darkest hundredth of every channel is no darker than VEILED, all alike, and darker than
// the brightest, most of it is taken off: the darkest thing need not be black.
private const val DARKEST = 0.01
private const val VEILED = 60
private const val VEIL = 0.8
private const val EVEN = 20
private const val LEAST_RANGE = 30

// A frame whose channels differ by no more at any pixel is in black and white: a camera's never is.
private const val GREY = 1

// The tint of the light: means of this power ("Shades of gray and colour constancy", Finlayson and Trezzi, CIC 2004).
private const val POWER = 6.0
private val POWERS = DoubleArray(256) { it.toDouble().pow(POWER) }

// Channels that differ by less are of white light; and no channel is changed by more.
private const val TINTED = 1.08
private const val MOST_WHITENED = 1.5

/**
 * What the colours of a photo would be if there were enough light, and if it were white.
 *
 * A photo that seems too dark, tinted or veiled is compared as it came, and lifted, in white light, or without its veil.
 * The likeliest counts: what seems little light, or tinted, may be a dark thing that fills the frame, or a red one.
 * A photo in black and white says nothing of colours.
 * Levels of sRGB are multiplied, as light would be: their curve is a power's, near enough.
 *
 * @param frame the photo's frame, as [lookedAt] gives it.
 */
class Light(private val frame: Pixels) {
    /** What the levels are multiplied by, as there is too little light; 1 where there is enough. */
    val lift: Double by lazy { if (top >= DARK) 1.0 else LIFTED / maxOf(top, LEAST_BRIGHT) }

    /** What is taken off the levels, as something pale lies over all; 0 where nothing does. */
    val veil: Double by lazy {
        val lows = List(3) { channel -> ranked(DARKEST) { levelAt(it, channel) } }
        val isVeil = lows.min() >= VEILED && lows.max() - lows.min() <= EVEN && top - lows.min() >= LEAST_RANGE
        if (isVeil) VEIL * lows.min() else 0.0
    }

    private val top by lazy { ranked(BRIGHTEST, ::highest) }

    /** Whether the photo is in black and white. */
    private val isGrey by lazy { (0 until frame.bytes.size / 3).all { highest(it) - lowest(it) <= GREY } }

    private fun highest(place: Int) = maxOf(levelAt(place, 0), levelAt(place, 1), levelAt(place, 2))

    private fun lowest(place: Int) = minOf(levelAt(place, 0), levelAt(place, 1), levelAt(place, 2))

    private fun ranked(share: Double, of: (Int) -> Int): Int {
        val levels = IntArray(frame.bytes.size / 3, of)
        levels.sort()
        return levels[(share * levels.size).toInt()]
    }

    private fun levelAt(place: Int, channel: Int) = level(frame.bytes, 3 * place + channel)

    /** What red, green and blue are multiplied by for white light; null where it is white. */
    val whitening: DoubleArray? by lazy {
        val bytes = frame.bytes
        val seen = DoubleArray(3) { channel ->
            var sum = 0.0
            for (at in channel until bytes.size step 3) sum += POWERS[level(bytes, at)]
            maxOf((sum / (bytes.size / 3)).pow(1 / POWER), 1.0)
        }
        val mean = cbrt(seen[0] * seen[1] * seen[2])
        val found = DoubleArray(3) { (mean / seen[it]).coerceIn(1 / MOST_WHITENED, MOST_WHITENED) }
        if (found.max() >= TINTED * found.min()) found else null
    }

    /**
     * A part's palettes: as it came and, where they differ, lifted, in white light and without a veil; none of a photo
     * in black and white.
     *
     * @param pixels of [lookedAt].
     */
    fun palettesOf(pixels: Pixels): List<String> {
        if (isGrey) return emptyList()
        val asItCame = listOf(1.0, 1.0, 1.0)
        val white = whitening?.map { lift * it }
        val found = listOfNotNull(asItCame, List(3) { lift }, white).distinct().map { paletteOf(times(pixels, it.toDoubleArray())) }
        val clear = LIFTED / (top - veil)
        val unveiled = if (veil == 0.0) null else paletteOf(times(pixels, DoubleArray(3) { clear }, veil))
        return (found + listOfNotNull(unveiled)).distinct()
    }
}

/** Levels [less] so much, multiplied by a factor for each channel, rounded, as far as a byte goes. */
internal fun times(pixels: Pixels, factors: DoubleArray, less: Double = 0.0): Pixels {
    if (less == 0.0 && factors.all { it == 1.0 }) return pixels
    val bytes = pixels.bytes
    val changed = ByteArray(bytes.size) {
        minOf(Math.rint(maxOf(level(bytes, it) - less, 0.0) * factors[it % 3]), 255.0).toInt().toByte()
    }
    return Pixels(changed, pixels.width, pixels.height)
}
