package org.pocketshelf.phone.litert

/**
 * How many nodes of a network an accelerator took, by what LiteRT itself writes into the log; its Kotlin classes do not
 * tell, and an app may read its own lines of the log without any permission. Two wordings are known:
 *
 * - `Replacing 61 out of 64 node(s) with delegate (TfLiteGpuDelegateV2) node, yielding 2 partitions …`: any delegate, where
 *   the library logs verbosely (LiteRT 2.3 adds "for subgraph 0 (main)");
 * - `61 operations will run on the GPU, and the remaining 3 operations will run on the CPU.`: the GPU's, when it declines
 *   some. It does so even where it alone was asked for and nothing failed.
 */
object DelegateLog {
    /**
     * One delegate's share.
     *
     * @property nodes taken by it.
     * @property of so many there were when it was asked.
     * @property delegate its name, such as "TfLiteXNNPackDelegate".
     */
    data class Taken(val nodes: Int, val of: Int, val delegate: String)

    private val LINE = Regex("""Replacing (\d{1,7}) out of (\d{1,7}) node\(s\) with delegate \(([^)]{1,100})\)""")

    private val DECLINED = Regex("""(\d{1,7}) operations will run on the GPU, and the remaining (\d{1,7}) operations will run on the CPU""")

    /** The last line of [log] about a first subgraph; null where there is none. */
    fun last(log: Iterable<String>): Taken? = log
        .filter { "for subgraph" !in it || "for subgraph 0" in it }
        .mapNotNull { replaced(it) ?: declined(it) }
        .lastOrNull()

    private fun replaced(line: String): Taken? =
        LINE.find(line)?.let { Taken(it.groupValues[1].toInt(), it.groupValues[2].toInt(), it.groupValues[3]) }

    private fun declined(line: String): Taken? = DECLINED.find(line)?.let {
        val taken = it.groupValues[1].toInt()
        Taken(taken, taken + it.groupValues[2].toInt(), "GPU")
    }
}
