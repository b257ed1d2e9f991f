package org.pocketshelf.core.runtime

import org.pocketshelf.core.stages.preprocess.Pixels
import java.io.Closeable

/**
 * One output of a network: 32-bit floats, row-major; quantized outputs are turned to floats by the runner.
 *
 * @property shape as the model's file has it, the batch of 1 in front.
 */
class Tensor(val values: FloatArray, vararg val shape: Int) {
    /** Whether it has exactly this shape, and as many values. */
    fun hasShape(vararg wanted: Int): Boolean =
        shape.contentEquals(wanted) && values.size == wanted.fold(1) { product, side -> product * side }

    /** The shape as a message shows it. */
    val shown: String get() = shape.contentToString()
}

/**
 * A loaded network of static shape; one call runs at a time, from whichever thread.
 *
 * The platform's runtime stands behind it: LiteRT or ExecuTorch on Android.
 */
interface ModelRunner : Closeable {
    /** What really runs it; the settings show it. */
    val placement: Placement

    /**
     * Run the model on pixels of the size its bundle names, in the order red, green, blue.
     *
     * @return every output in the model's order.
     * @throws org.pocketshelf.core.BundleError the pixels are not of the size that the model takes.
     */
    fun run(pixels: Pixels): List<Tensor>

    override fun close() = Unit
}

/** What a runner may compute on. */
enum class Accelerator(val word: String) { NPU("NPU"), GPU("GPU"), CPU("CPU") }

/**
 * Where a network runs: what was asked for, what was got, and how much of it.
 *
 * A runtime that cannot use what was asked for falls back to the processor without a word; so it is said here.
 *
 * @property runtime the library, such as "LiteRT".
 * @property asked the first choice.
 * @property got what runs most of it.
 * @property nodes how many of the network's nodes [got] took; null where the runtime does not tell.
 * @property of how many nodes there are; null likewise.
 * @property why of a fall-back, in the runtime's words.
 */
data class Placement(
    val runtime: String,
    val asked: Accelerator,
    val got: Accelerator,
    val nodes: Int? = null,
    val of: Int? = null,
    val why: String? = null,
) {
    /** Whether less than what was asked for runs it. */
    val fellBack: Boolean get() = got != asked || (nodes != null && of != null && nodes < of)

    /** One line for the settings: "LiteRT on GPU, 61 of 64 nodes; the rest on CPU". */
    fun line(): String {
        val line = StringBuilder("$runtime on ${got.word}")
        if (nodes != null && of != null) {
            line.append(", $nodes of $of nodes")
            if (nodes < of && got != Accelerator.CPU) line.append("; the rest on CPU")
        } else {
            line.append(", number of nodes not told")
        }
        if (got != asked) line.append(" (asked for ${asked.word}${why?.let { ": $it" } ?: ""})")
        return line.toString()
    }
}
