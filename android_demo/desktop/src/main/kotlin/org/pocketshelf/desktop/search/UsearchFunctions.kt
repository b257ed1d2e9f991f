package org.pocketshelf.desktop.search

import java.io.File
import java.lang.foreign.Arena
import java.lang.foreign.FunctionDescriptor
import java.lang.foreign.Linker
import java.lang.foreign.MemoryLayout
import java.lang.foreign.MemoryLayout.PathElement.groupElement
import java.lang.foreign.MemorySegment
import java.lang.foreign.SymbolLookup
import java.lang.foreign.ValueLayout.ADDRESS
import java.lang.foreign.ValueLayout.JAVA_BOOLEAN
import java.lang.foreign.ValueLayout.JAVA_INT
import java.lang.foreign.ValueLayout.JAVA_LONG
import java.lang.invoke.MethodHandle

/** USearch's C functions (`c/usearch.h` of version 2), by Java's foreign functions. */
internal class UsearchFunctions(library: File) {
    private val linker = Linker.nativeLinker()
    // The library stays loaded as long as the process lives.
    private val symbols = SymbolLookup.libraryLookup(library.toPath(), Arena.global())

    val init = function("usearch_init", FunctionDescriptor.of(ADDRESS, ADDRESS, ADDRESS))
    val free = function("usearch_free", FunctionDescriptor.ofVoid(ADDRESS, ADDRESS))
    val reserve = function("usearch_reserve", FunctionDescriptor.ofVoid(ADDRESS, JAVA_LONG, ADDRESS))
    val add = function("usearch_add", FunctionDescriptor.ofVoid(ADDRESS, JAVA_LONG, ADDRESS, JAVA_INT, ADDRESS))
    val search = function(
        "usearch_search", FunctionDescriptor.of(JAVA_LONG, ADDRESS, ADDRESS, JAVA_INT, JAVA_LONG, ADDRESS, ADDRESS, ADDRESS),
    )
    val size = function("usearch_size", FunctionDescriptor.of(JAVA_LONG, ADDRESS, ADDRESS))
    val dimensions = function("usearch_dimensions", FunctionDescriptor.of(JAVA_LONG, ADDRESS, ADDRESS))
    val length = function("usearch_serialized_length", FunctionDescriptor.of(JAVA_LONG, ADDRESS, ADDRESS))
    val save = function("usearch_save_buffer", FunctionDescriptor.ofVoid(ADDRESS, ADDRESS, JAVA_LONG, ADDRESS))
    val load = function("usearch_load_buffer", FunctionDescriptor.ofVoid(ADDRESS, ADDRESS, JAVA_LONG, ADDRESS))
    private val version = function("usearch_version", FunctionDescriptor.of(ADDRESS))

    /** The library's version. */
    fun version(): String = text(version.invokeWithArguments() as MemorySegment)

    /**
     * Call [function] with [arguments] and a place for an error, which is thrown.
     *
     * @throws IllegalStateException the library refuses.
     */
    fun call(function: MethodHandle, vararg arguments: Any): Any? = Arena.ofConfined().use { arena ->
        val error = arena.allocate(ADDRESS)
        val result = function.invokeWithArguments(*arguments, error)
        val message = error.get(ADDRESS, 0)
        if (message.address() != 0L) throw IllegalStateException("usearch: ${text(message)}")
        result
    }

    private fun function(name: String, descriptor: FunctionDescriptor): MethodHandle {
        val symbol = symbols.find(name).orElseThrow { UnsatisfiedLinkError("usearch: no function $name") }
        return linker.downcallHandle(symbol, descriptor)
    }

    private fun text(start: MemorySegment): String = start.reinterpret(MAX_TEXT).getString(0)

    companion object {
        const val COSINE = 1
        const val INT8 = 4
        private const val MAX_TEXT = 4096L

        /** `usearch_init_options_t`. */
        val OPTIONS: MemoryLayout = MemoryLayout.structLayout(
            JAVA_INT.withName("metric_kind"), MemoryLayout.paddingLayout(4), ADDRESS.withName("metric"),
            JAVA_INT.withName("quantization"), MemoryLayout.paddingLayout(4), JAVA_LONG.withName("dimensions"),
            JAVA_LONG.withName("connectivity"), JAVA_LONG.withName("expansion_add"), JAVA_LONG.withName("expansion_search"),
            JAVA_BOOLEAN.withName("multi"), MemoryLayout.paddingLayout(7),
        )

        /** Where a field of the options lies, in bytes. */
        fun offset(field: String): Long = OPTIONS.byteOffset(groupElement(field))
    }
}
