package org.pocketshelf.phone.litert

import android.content.Context
import android.os.Process
import com.google.ai.edge.litert.BuiltinNpuAcceleratorProvider
import com.google.ai.edge.litert.CompiledModel
import com.google.ai.edge.litert.Environment
import com.google.ai.edge.litert.LiteRtException
import org.pocketshelf.core.BundleError
import org.pocketshelf.core.oneLine
import org.pocketshelf.core.runtime.Accelerator
import org.pocketshelf.core.runtime.ModelRunner
import org.pocketshelf.core.runtime.Placement
import org.pocketshelf.core.runtime.Tensor
import org.pocketshelf.core.stages.preprocess.Pixels
import org.pocketshelf.phone.OutputShapes
import java.io.File
import com.google.ai.edge.litert.Accelerator as LiteRtAccelerator

/**
 * A `.tflite` file by LiteRT's `CompiledModel`.
 *
 * Each accelerator is asked for alone, the best first: LiteRT then refuses a network of which it would hand a part to the
 * processor ("Some ops are not accelerated"), instead of doing so without a word. What it declines later all the same is
 * read from its log ([DelegateLog]). The settings show both. NNAPI, which Android 15 deprecated, is not among them.
 */
class LiteRtRunner private constructor(
    private val environment: Environment,
    private val model: CompiledModel,
    private val shapes: OutputShapes,
    private val file: File,
    override val placement: Placement,
) : ModelRunner {
    private val inputs = model.createInputBuffers()
    private val outputs = model.createOutputBuffers()

    /** The bytes go in as they are: our networks take uint8 (1, h, w, 3), and `writeInt8` writes bytes of either sign. */
    @Synchronized
    override fun run(pixels: Pixels): List<Tensor> {
        try {
            inputs[0].writeInt8(pixels.bytes)
            model.run(inputs, outputs)
            return outputs.mapIndexed { place, buffer -> shapes.tensor(place, buffer.readFloat()) }
        } catch (error: LiteRtException) {
            throw BundleError("${file.name}: LiteRT cannot run it (${oneLine(error)})", error)
        }
    }

    @Synchronized
    override fun close() {
        for (buffer in inputs + outputs) buffer.close()
        model.close()
        environment.close()
    }

    companion object {
        private val ORDER = listOf(
            Accelerator.NPU to LiteRtAccelerator.NPU,
            Accelerator.GPU to LiteRtAccelerator.GPU,
            Accelerator.CPU to LiteRtAccelerator.CPU,
        )

        /**
         * Load [file] on the best accelerator that takes it.
         *
         * @throws BundleError not even the processor does.
         */
        fun open(context: Context, file: File, shapes: OutputShapes): LiteRtRunner {
            var refused: String? = null
            for ((ours, theirs) in ORDER) {
                try {
                    return open(context, file, shapes, ours, theirs, refused)
                } catch (error: LiteRtException) {
                    refused = refused ?: oneLine(error)
                } catch (error: LinkageError) {
                    throw BundleError("${file.name}: LiteRT's library does not load on this phone (${oneLine(error)})", error)
                }
            }
            throw BundleError("${file.name}: LiteRT cannot load it ($refused)")
        }

        private fun open(
            context: Context,
            file: File,
            shapes: OutputShapes,
            ours: Accelerator,
            theirs: LiteRtAccelerator,
            refused: String?,
        ): LiteRtRunner {
            val log = OwnLog(Process.myPid())
            val environment = environment(context)
            try {
                val model = CompiledModel.create(file.path, CompiledModel.Options(theirs), environment)
                return LiteRtRunner(environment, model, shapes, file, placement(file, ours, DelegateLog.last(log.lines()), refused))
            } catch (error: LiteRtException) {
                environment.close()
                throw error
            }
        }

        /**
         * Where the network of [file] runs, once LiteRT took it for [got] alone: all of it, unless its log says otherwise
         * ([taken]). On the processor it is all of it in any case.
         */
        fun placement(file: File, got: Accelerator, taken: DelegateLog.Taken?, refused: String?): Placement {
            val all = OperatorCount.of(file)
            val said = taken?.takeIf { got != Accelerator.CPU }
            return Placement("LiteRT", ORDER[0].first, got, said?.nodes ?: all, said?.of ?: all, refused)
        }

        private fun environment(context: Context): Environment {
            val libraries = BuiltinNpuAcceleratorProvider(context)
            return if (libraries.isDeviceSupported() && libraries.isLibraryReady()) {
                Environment.create(libraries)
            } else {
                Environment.create()
            }
        }
    }
}
