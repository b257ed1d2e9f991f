package org.pocketshelf.core.golden

import org.pocketshelf.core.runtime.Accelerator
import org.pocketshelf.core.runtime.ModelRunner
import org.pocketshelf.core.runtime.Placement
import org.pocketshelf.core.runtime.Tensor
import org.pocketshelf.core.stages.preprocess.Pixels

/** A network that must not be run. */
object NoRunner : ModelRunner {
    override val placement = Placement("none", Accelerator.CPU, Accelerator.CPU)
    override fun run(pixels: Pixels): List<Tensor> = error("not to be run")
}

/** A network whose outputs are made by [answer]; [calls] counts them. */
class ScriptedRunner(private val answer: (Pixels) -> List<Tensor>) : ModelRunner {
    var calls = 0
    override val placement = Placement("script", Accelerator.CPU, Accelerator.CPU)
    override fun run(pixels: Pixels): List<Tensor> {
        calls++
        return answer(pixels)
    }
}
