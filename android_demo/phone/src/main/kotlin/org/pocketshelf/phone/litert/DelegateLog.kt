package org.pocketshelf.phone.litert

/**
 * How many nodes of a network an accelerator took, by what LiteRT itself writes into the log:
 * `Replacing 61 out of 64 node(s) with delegate (TfLiteXNNPackDelegate) node, yielding 2 partitions …`.
 *
 * Its Kotlin classes do not tell. The line is part of the library since TensorFlow Lite 2.3 (LiteRT 2.3 adds
 * "for subgraph 0 (main)"); an app may read its own lines of the log without any permission.
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

    /** The last line of [log] about a first subgraph; null where there is none. */
    fun last(log: Iterable<String>): Taken? = log
        .filter { "for subgraph" !in it || "for subgraph 0" in it }
        .mapNotNull { line ->
            LINE.find(line)?.let { Taken(it.groupValues[1].toInt(), it.groupValues[2].toInt(), it.groupValues[3]) }
        }
        .lastOrNull()
}
