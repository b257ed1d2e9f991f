package org.pocketshelf.core.stages.embed

import org.pocketshelf.core.BundleError
import org.pocketshelf.core.formats.EmbedderSpec
import org.pocketshelf.core.formats.normalised
import org.pocketshelf.core.runtime.ModelRunner
import org.pocketshelf.core.runtime.Tensor
import org.pocketshelf.core.stages.preprocess.Photo
import org.pocketshelf.core.types.Box

/** The stage that turns a crop into a vector. */
interface Embedder {
    /**
     * Embed [box] (in the photo's own pixels; the whole frame if null).
     *
     * @throws BundleError the network's outputs are not those its bundle describes.
     */
    fun embed(photo: Photo, box: Box? = null): Embedding
}

/**
 * The default [Embedder]: a bundle's network on the crop that its preprocessing makes.
 *
 * @param spec what the bundle says of the network.
 * @param runner the loaded network.
 */
class NetworkEmbedder(private val spec: EmbedderSpec, private val runner: ModelRunner) : Embedder {
    override fun embed(photo: Photo, box: Box?): Embedding =
        embeddingOf(runner.run(photo.networkInput(spec.preprocessing, box)))

    /** What the network's raw outputs say. */
    fun embeddingOf(outputs: List<Tensor>): Embedding {
        val probabilities = softmax(output(outputs, spec.categoriesOutput, spec.categories.size), spec.temperature)
        val categories = LinkedHashMap<String, Double>(2 * spec.categories.size)
        spec.categories.forEachIndexed { place, name -> categories[name] = probabilities[place].toDouble() }
        return Embedding(
            normalised(output(outputs, spec.embeddingOutput, spec.dimension)),
            categories,
            spec.attributes.mapValues { (_, head) -> softmax(output(outputs, head.output, head.labels.size)) },
        )
    }

    private fun output(outputs: List<Tensor>, index: Int, length: Int): FloatArray {
        if (index >= outputs.size || !outputs[index].hasShape(1, length)) {
            throw BundleError(
                "${spec.file.file}: its outputs are ${outputs.joinToString { it.shown }}; its bundle says that " +
                    "number $index is [1, $length]",
            )
        }
        return outputs[index].values
    }
}
