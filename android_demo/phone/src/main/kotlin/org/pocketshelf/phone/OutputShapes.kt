package org.pocketshelf.phone

import org.pocketshelf.core.BundleError
import org.pocketshelf.core.formats.DetectorSpec
import org.pocketshelf.core.formats.EmbedderSpec
import org.pocketshelf.core.runtime.Tensor

/** What shapes a bundle's networks give, for runtimes that hand out numbers alone; by place among the outputs. */
class OutputShapes private constructor(private val shapes: Map<Int, IntArray>, private val model: String) {
    /**
     * The output at [place], with its shape; one that the bundle does not name is a vector.
     *
     * @throws BundleError it has another number of values than the bundle says.
     */
    fun tensor(place: Int, values: FloatArray): Tensor {
        val shape = shapes[place] ?: intArrayOf(1, values.size)
        if (shape.fold(1) { product, side -> product * side } != values.size) {
            throw BundleError("$model: output $place has ${values.size} values, its bundle says ${shape.contentToString()}")
        }
        return Tensor(values, *shape)
    }

    companion object {
        /** Of an embedder: its vector, its categories, a vector a head of attributes. */
        fun of(spec: EmbedderSpec): OutputShapes {
            val shapes = HashMap<Int, IntArray>()
            shapes[spec.embeddingOutput] = intArrayOf(1, spec.dimension)
            shapes[spec.categoriesOutput] = intArrayOf(1, spec.categories.size)
            for (head in spec.attributes.values) shapes[head.output] = intArrayOf(1, head.labels.size)
            return OutputShapes(shapes, spec.file.file)
        }

        /** Of a detector: scores and distances of every point of its pyramid. */
        fun of(spec: DetectorSpec): OutputShapes {
            val size = spec.preprocessing
            val points = spec.strides.sumOf { ((size.height + it - 1) / it) * ((size.width + it - 1) / it) }
            val shapes = mapOf(
                spec.scoresOutput to intArrayOf(1, points, spec.groups.size),
                spec.distancesOutput to intArrayOf(1, points, 4),
            )
            return OutputShapes(shapes, spec.file.file)
        }
    }
}
