package org.pocketshelf.desktop.search

import org.pocketshelf.core.stages.search.DotScanner
import org.pocketshelf.core.stages.search.PlainScanner
import org.pocketshelf.core.stages.search.Scanners

/** Java's vector instructions where the process was started with them (`--add-modules jdk.incubator.vector`). */
object FastestScanners : Scanners {
    private val hasVectors = ModuleLayer.boot().findModule("jdk.incubator.vector").isPresent

    /** What it is, for a benchmark's line. */
    val name: String get() = if (hasVectors) "vector api" else "plain loops"

    override fun over(vectors: ByteArray, dimension: Int): DotScanner =
        if (hasVectors) VectorScanner(vectors, dimension) else PlainScanner(vectors, dimension)
}
