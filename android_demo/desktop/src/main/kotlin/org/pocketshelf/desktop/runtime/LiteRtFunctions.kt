package org.pocketshelf.desktop.runtime

import java.io.File
import java.lang.foreign.Arena
import java.lang.foreign.FunctionDescriptor
import java.lang.foreign.Linker
import java.lang.foreign.MemoryLayout
import java.lang.foreign.MemorySegment
import java.lang.foreign.SymbolLookup
import java.lang.foreign.ValueLayout.ADDRESS
import java.lang.foreign.ValueLayout.JAVA_INT
import java.lang.foreign.ValueLayout.JAVA_LONG
import java.lang.invoke.MethodHandle
import org.pocketshelf.core.BundleError

/** LiteRT's C functions of its compiled models (`litert/c`, version 2.3), by Java's foreign functions. */
internal class LiteRtFunctions(library: File) {
    private val linker = Linker.nativeLinker()
    private val symbols = SymbolLookup.libraryLookup(library.toPath(), Arena.global())

    val createEnvironment = function("LiteRtCreateEnvironment", JAVA_INT, ADDRESS, ADDRESS)
    val createModel = function("LiteRtCreateModelFromFile", ADDRESS, ADDRESS, ADDRESS)
    val createOptions = function("LiteRtCreateOptions", ADDRESS)
    val setAccelerators = function("LiteRtSetOptionsHardwareAccelerators", ADDRESS, JAVA_INT)
    val createCompiledModel = function("LiteRtCreateCompiledModel", ADDRESS, ADDRESS, ADDRESS, ADDRESS)
    val signature = function("LiteRtGetModelSignature", ADDRESS, JAVA_LONG, ADDRESS)
    val inputs = function("LiteRtGetNumSignatureInputs", ADDRESS, ADDRESS)
    val outputs = function("LiteRtGetNumSignatureOutputs", ADDRESS, ADDRESS)
    val input = function("LiteRtGetSignatureInputTensorByIndex", ADDRESS, JAVA_LONG, ADDRESS)
    val output = function("LiteRtGetSignatureOutputTensorByIndex", ADDRESS, JAVA_LONG, ADDRESS)
    val subgraph = function("LiteRtGetSignatureSubgraph", ADDRESS, ADDRESS)
    val subgraphOutput = function("LiteRtGetSubgraphOutput", ADDRESS, JAVA_LONG, ADDRESS)
    val tensorType = function("LiteRtGetRankedTensorType", ADDRESS, ADDRESS)
    val inputRequirements = function("LiteRtGetCompiledModelInputBufferRequirements", ADDRESS, JAVA_LONG, JAVA_LONG, ADDRESS)
    val outputRequirements = function("LiteRtGetCompiledModelOutputBufferRequirements", ADDRESS, JAVA_LONG, JAVA_LONG, ADDRESS)
    val createBuffer = function("LiteRtCreateManagedTensorBufferFromRequirements", ADDRESS, ADDRESS, ADDRESS, ADDRESS)
    val lock = function("LiteRtLockTensorBuffer", ADDRESS, ADDRESS, JAVA_INT)
    val unlock = function("LiteRtUnlockTensorBuffer", ADDRESS)
    val run = function("LiteRtRunCompiledModel", ADDRESS, JAVA_LONG, JAVA_LONG, ADDRESS, JAVA_LONG, ADDRESS)
    val destroyBuffer = ending("LiteRtDestroyTensorBuffer")
    val destroyCompiledModel = ending("LiteRtDestroyCompiledModel")
    val destroyOptions = ending("LiteRtDestroyOptions")
    val destroyModel = ending("LiteRtDestroyModel")
    val destroyEnvironment = ending("LiteRtDestroyEnvironment")

    /**
     * Call a function that gives a status.
     *
     * @throws BundleError the status is none of success; [what] begins the message.
     */
    fun call(what: String, function: MethodHandle, vararg arguments: Any) {
        val status = function.invokeWithArguments(*arguments) as Int
        if (status != 0) throw BundleError("$what: LiteRT refuses (status $status)")
    }

    /** The pointer that a function writes to its last argument. */
    fun pointer(arena: Arena, what: String, function: MethodHandle, vararg arguments: Any): MemorySegment {
        val place = arena.allocate(ADDRESS)
        call(what, function, *arguments, place)
        return place.get(ADDRESS, 0)
    }

    /** The number that a function writes to its last argument. */
    fun number(arena: Arena, what: String, function: MethodHandle, vararg arguments: Any): Int {
        val place = arena.allocate(JAVA_LONG)
        call(what, function, *arguments, place)
        return place.get(JAVA_LONG, 0).toInt()
    }

    private fun function(name: String, vararg arguments: MemoryLayout): MethodHandle =
        linker.downcallHandle(symbol(name), FunctionDescriptor.of(JAVA_INT, *arguments))

    private fun ending(name: String): MethodHandle = linker.downcallHandle(symbol(name), FunctionDescriptor.ofVoid(ADDRESS))

    private fun symbol(name: String): MemorySegment =
        symbols.find(name).orElseThrow { UnsatisfiedLinkError("LiteRT: no function $name") }

    companion object {
        const val CPU = 1
        const val READ = 0
        const val WRITE = 1
        const val FLOAT32 = 1
        const val UINT8 = 3

        // LiteRtRankedTensorType has 72 bytes: the element's type, the rank (7 bits), 8 dimensions, 8 strides.
        const val TYPE_BYTES = 128L
        const val RANK_MASK = 0x7f
    }
}
