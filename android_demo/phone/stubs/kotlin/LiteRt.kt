// Stubs: the documented signatures that phone/ uses, with no behaviour. See stubs/README.md.
@file:Suppress("UNUSED_PARAMETER")

package com.google.ai.edge.litert

import android.content.Context

private fun stub(): Nothing = throw UnsupportedOperationException("stub")

enum class Accelerator { NONE, CPU, GPU, NPU }

class LiteRtException(message: String) : Exception(message)

abstract class JniHandle internal constructor() : AutoCloseable {
    final override fun close() = stub()
}

interface NpuAcceleratorProvider {
    fun isDeviceSupported(): Boolean

    fun isLibraryReady(): Boolean
}

class BuiltinNpuAcceleratorProvider(context: Context) : NpuAcceleratorProvider {
    override fun isDeviceSupported(): Boolean = stub()

    override fun isLibraryReady(): Boolean = stub()
}

class Environment private constructor() : JniHandle() {
    enum class Option

    companion object {
        @JvmOverloads
        @JvmStatic
        @Throws(LiteRtException::class)
        fun create(options: Map<Option, String> = mapOf()): Environment = stub()

        @JvmOverloads
        @JvmStatic
        @Throws(LiteRtException::class)
        fun create(npuAcceleratorProvider: NpuAcceleratorProvider, options: Map<Option, String> = mapOf()): Environment = stub()
    }
}

class TensorBuffer internal constructor() : JniHandle() {
    @Throws(LiteRtException::class)
    fun writeInt8(data: ByteArray): Unit = stub()

    @Throws(LiteRtException::class)
    fun readFloat(): FloatArray = stub()
}

class CompiledModel private constructor() : JniHandle() {
    class Options(vararg accelerators: Accelerator) {
        companion object {
            @JvmStatic
            val CPU = Options(Accelerator.CPU)
        }
    }

    @Throws(LiteRtException::class)
    @JvmOverloads
    fun createInputBuffers(signatureIndex: Int = 0): List<TensorBuffer> = stub()

    @Throws(LiteRtException::class)
    @JvmOverloads
    fun createOutputBuffers(signatureIndex: Int = 0): List<TensorBuffer> = stub()

    @Throws(LiteRtException::class)
    @JvmOverloads
    fun run(inputs: List<TensorBuffer>, outputs: List<TensorBuffer>, signatureIndex: Int = 0): Unit = stub()

    companion object {
        @Throws(LiteRtException::class)
        @JvmOverloads
        @JvmStatic
        fun create(filePath: String, options: Options = Options.CPU, optionalEnv: Environment? = null): CompiledModel = stub()
    }
}
