package org.pocketshelf.desktop.runtime

import java.io.File
import java.lang.foreign.Arena
import java.lang.foreign.MemorySegment
import java.lang.foreign.ValueLayout.ADDRESS
import java.lang.foreign.ValueLayout.JAVA_BYTE
import java.lang.foreign.ValueLayout.JAVA_FLOAT
import java.lang.foreign.ValueLayout.JAVA_INT
import java.lang.invoke.MethodHandle
import org.pocketshelf.core.BundleError
import org.pocketshelf.core.runtime.Accelerator
import org.pocketshelf.core.runtime.ModelRunner
import org.pocketshelf.core.runtime.Placement
import org.pocketshelf.core.runtime.Tensor
import org.pocketshelf.core.stages.preprocess.Pixels

/**
 * A `.tflite` file on a computer's processor by LiteRT's compiled models: the very library, behind the very interface,
 * that a phone's app has by its own binding.
 *
 * @param library `libLiteRt.so`, as pip's `ai-edge-litert` brings it.
 * @param model the file.
 * @throws BundleError LiteRT cannot load it, or its one input is not uint8 [1, h, w, 3].
 */
class LiteRtRunner(library: File, private val model: File) : ModelRunner {
    override val placement = Placement("LiteRT", Accelerator.CPU, Accelerator.CPU)
    private val functions = LiteRtFunctions(library)
    private val arena = Arena.ofShared()
    private val closing = ArrayDeque<() -> Unit>()
    private val compiled: MemorySegment
    private val inputShape: List<Int>
    private val outputShapes: List<List<Int>>
    private val input: MemorySegment
    private val outputs: List<MemorySegment>

    // Of each of the model's outputs, in the order of its graph, the place in the signature.
    private val order: List<Int>

    init {
        try {
            val environment = made(functions.destroyEnvironment, pointer(functions.createEnvironment, 0, MemorySegment.NULL))
            val loaded = made(
                functions.destroyModel, pointer(functions.createModel, environment, arena.allocateFrom(model.path)),
            )
            val options = made(functions.destroyOptions, pointer(functions.createOptions))
            functions.call(model.path, functions.setAccelerators, options, LiteRtFunctions.CPU)
            compiled = made(functions.destroyCompiledModel, pointer(functions.createCompiledModel, environment, loaded, options))
            val signature = pointer(functions.signature, loaded, 0L)
            if (number(functions.inputs, signature) != 1) throw BundleError("$model: does not have one input")
            val given = type(pointer(functions.input, signature, 0L))
            inputShape = given.shape
            if (given.element != LiteRtFunctions.UINT8 || inputShape.size != 4 || inputShape[0] != 1 || inputShape[3] != 3) {
                throw BundleError("$model: its input is of type ${given.element} $inputShape, not uint8 [1, h, w, 3]")
            }
            input = buffer(environment, given, pointer(functions.inputRequirements, compiled, 0L, 0L))
            val tensors = List(number(functions.outputs, signature)) { pointer(functions.output, signature, it.toLong()) }
            val types = tensors.map(::type)
            types.forEach { if (it.element != LiteRtFunctions.FLOAT32) throw BundleError("$model: an output is not of floats") }
            outputShapes = types.map { it.shape }
            outputs = types.mapIndexed { i, type ->
                buffer(environment, type, pointer(functions.outputRequirements, compiled, 0L, i.toLong()))
            }
            val graph = pointer(functions.subgraph, signature)
            order = tensors.indices.map { tensors.indexOf(pointer(functions.subgraphOutput, graph, it.toLong())) }
        } catch (error: Throwable) {
            close()
            throw error
        }
    }

    @Synchronized
    override fun run(pixels: Pixels): List<Tensor> {
        check(arena.scope().isAlive) { "$model: is closed" }
        if (pixels.height != inputShape[1] || pixels.width != inputShape[2]) {
            throw BundleError("$model: takes uint8 $inputShape, not [1, ${pixels.height}, ${pixels.width}, 3]")
        }
        locked(input, LiteRtFunctions.WRITE, pixels.bytes.size.toLong()) { memory ->
            MemorySegment.copy(pixels.bytes, 0, memory, JAVA_BYTE, 0, pixels.bytes.size)
        }
        Arena.ofConfined().use { call ->
            val given = call.allocateFrom(ADDRESS, input)
            val wanted = call.allocate(ADDRESS, outputs.size.toLong())
            outputs.forEachIndexed { i, output -> wanted.setAtIndex(ADDRESS, i.toLong(), output) }
            functions.call(model.path, functions.run, compiled, 0L, 1L, given, outputs.size.toLong(), wanted)
        }
        return order.map { place ->
            val shape = outputShapes[place].toIntArray()
            val count = shape.fold(1) { product, side -> product * side }
            val values = locked(outputs[place], LiteRtFunctions.READ, 4L * count) { it.toArray(JAVA_FLOAT) }
            Tensor(values, *shape)
        }
    }

    @Synchronized
    override fun close() {
        while (closing.isNotEmpty()) closing.removeLast()()
        if (arena.scope().isAlive) arena.close()
    }

    private class Type(val memory: MemorySegment, val element: Int, val shape: List<Int>)

    private fun type(tensor: MemorySegment): Type {
        val memory = arena.allocate(LiteRtFunctions.TYPE_BYTES, 8)
        functions.call(model.path, functions.tensorType, tensor, memory)
        val rank = memory.getAtIndex(JAVA_INT, 1) and LiteRtFunctions.RANK_MASK
        return Type(memory, memory.getAtIndex(JAVA_INT, 0), List(rank) { memory.getAtIndex(JAVA_INT, 2L + it) })
    }

    private fun buffer(environment: MemorySegment, type: Type, requirements: MemorySegment): MemorySegment =
        made(functions.destroyBuffer, pointer(functions.createBuffer, environment, type.memory, requirements))

    private fun <T> locked(buffer: MemorySegment, mode: Int, length: Long, work: (MemorySegment) -> T): T =
        Arena.ofConfined().use { call ->
            val place = call.allocate(ADDRESS)
            functions.call(model.path, functions.lock, buffer, place, mode)
            try {
                work(place.get(ADDRESS, 0).reinterpret(length))
            } finally {
                functions.call(model.path, functions.unlock, buffer)
            }
        }

    private fun made(destroy: MethodHandle, thing: MemorySegment): MemorySegment {
        closing.addLast { destroy.invokeWithArguments(thing) }
        return thing
    }

    private fun pointer(function: MethodHandle, vararg arguments: Any): MemorySegment =
        functions.pointer(arena, model.path, function, *arguments)

    private fun number(function: MethodHandle, vararg arguments: Any): Int =
        functions.number(arena, model.path, function, *arguments)
}
