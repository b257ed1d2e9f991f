package org.pocketshelf.core

import java.io.File
import org.pocketshelf.core.formats.StrictJson

/** The files that all languages agree on: `POCKETSHELF_CONTRACT`, or found upwards from the working folder. */
object Contract {
    val folder: File = System.getenv("POCKETSHELF_CONTRACT")?.let(::File) ?: found(File("").absoluteFile)

    /** A golden file. */
    fun golden(name: String): File = File(folder, "golden/$name")

    /** A golden JSON file's document. */
    @Suppress("UNCHECKED_CAST")
    fun json(name: String): Map<String, Any?> = StrictJson.parse(golden(name).readBytes()) as Map<String, Any?>

    private fun found(start: File): File =
        generateSequence(start) { it.parentFile }.map { File(it, "contract") }.first { File(it, "golden").isDirectory }
}
