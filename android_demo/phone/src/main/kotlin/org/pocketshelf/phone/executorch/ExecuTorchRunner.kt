package org.pocketshelf.phone.executorch

import org.pocketshelf.core.BundleError
import org.pocketshelf.core.oneLine
import org.pocketshelf.core.runtime.Accelerator
import org.pocketshelf.core.runtime.ModelRunner
import org.pocketshelf.core.runtime.Placement
import org.pocketshelf.core.runtime.Tensor
import org.pocketshelf.core.stages.preprocess.Pixels
import org.pytorch.executorch.EValue
import org.pytorch.executorch.Module
import java.io.File
import org.pytorch.executorch.Tensor as TorchTensor

/**
 * A `.pte` file by ExecuTorch, the second runtime. What runs it was decided when the file was exported: the settings
 * show the backends that its method "forward" names. How many nodes each took, ExecuTorch does not tell.
 */
class ExecuTorchRunner private constructor(
    private val module: Module,
    private val file: File,
    override val placement: Placement,
) : ModelRunner {
    @Synchronized
    override fun run(pixels: Pixels): List<Tensor> {
        val shape = longArrayOf(1, pixels.height.toLong(), pixels.width.toLong(), 3)
        val outputs = try {
            module.forward(EValue.from(TorchTensor.fromBlobUnsigned(pixels.bytes, shape)))
        } catch (error: RuntimeException) {
            throw BundleError("${file.name}: does not take uint8 ${shape.contentToString()} (${oneLine(error)})", error)
        }
        return outputs.map { output ->
            val tensor = output.toTensor()
            Tensor(tensor.getDataAsFloatArray(), *tensor.shape().map(Long::toInt).toIntArray())
        }
    }

    override fun close() = module.destroy()

    companion object {
        /**
         * Load [file].
         *
         * @throws BundleError ExecuTorch cannot.
         */
        fun open(file: File): ExecuTorchRunner {
            try {
                val module = Module.load(file.path)
                val backends = module.getMethodMetadata("forward").backends.toList()
                val got = acceleratorOf(backends)
                return ExecuTorchRunner(module, file, Placement("ExecuTorch (${backends.joinToString().ifEmpty { "portable" }})", got, got))
            } catch (error: RuntimeException) {
                throw BundleError("${file.name}: ExecuTorch cannot load it (${oneLine(error)})", error)
            } catch (error: LinkageError) {
                throw BundleError("${file.name}: ExecuTorch's library does not load on this phone (${oneLine(error)})", error)
            }
        }

        /** What a method's backends run on. */
        fun acceleratorOf(backends: List<String>): Accelerator = when {
            backends.any { it.contains("Qnn", ignoreCase = true) || it.contains("Neuropilot", ignoreCase = true) } -> Accelerator.NPU
            backends.any { it.contains("Vulkan", ignoreCase = true) } -> Accelerator.GPU
            else -> Accelerator.CPU
        }
    }
}
