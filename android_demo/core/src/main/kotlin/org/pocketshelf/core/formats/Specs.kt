package org.pocketshelf.core.formats

/**
 * A file of a bundle, or a folder as `.mlpackage` is one.
 *
 * @property file its name inside the bundle.
 * @property sha256 of its bytes; of a folder, see [Bundle].
 * @property bytes its length; of a folder the sum of its files'.
 */
data class FileSpec(val file: String, val sha256: String, val bytes: Long)

/**
 * One attribute head.
 *
 * @property output index of its logits among the model's outputs.
 * @property labels of the logits.
 * @property categories those whose products have the attribute; empty: all of them. It is reported for a region that
 *   more likely than not is of one of these.
 */
data class AttributeSpec(val output: Int, val labels: List<String>, val categories: List<String> = emptyList())

/**
 * The embedder of a bundle.
 *
 * @property precision of the model's file, such as "int8".
 * @property embeddingOutput index of the vector (1, [dimension]) among the outputs.
 * @property categoriesOutput index of the logits (1, categories).
 * @property temperature the category logits are divided by it before the softmax.
 * @property attributes name → head, in the bundle's order.
 */
data class EmbedderSpec(
    val file: FileSpec,
    val precision: String,
    val preprocessing: Preprocessing,
    val dimension: Int,
    val categories: List<String>,
    val embeddingOutput: Int = 0,
    val categoriesOutput: Int = 1,
    val temperature: Double = 1.0,
    val attributes: Map<String, AttributeSpec> = emptyMap(),
)

/**
 * The detector of a bundle.
 *
 * @property groups names of the score columns, in order.
 * @property strides of the pyramid's levels, in pixels of the input.
 * @property scoresOutput index of the scores (1, N, groups) among the outputs.
 * @property distancesOutput index of the distances (1, N, 4).
 * @property scoreThreshold a search looks at boxes from here on.
 * @property nmsIou boxes of one group that overlap more are one.
 * @property frameWeight group → weight w in [0, 1]; the query of such a region is the normalised
 *   (1 - w·s)·crop + w·s·whole frame, s following from the photo
 *   ([org.pocketshelf.core.stages.frameShare]). Absent groups: 0.
 * @property categories group → names that shops give categories of such things; see
 *   [org.pocketshelf.core.stages.Shelves].
 */
data class DetectorSpec(
    val file: FileSpec,
    val precision: String,
    val preprocessing: Preprocessing,
    val groups: List<String>,
    val strides: List<Int> = listOf(8, 16, 32),
    val scoresOutput: Int = 0,
    val distancesOutput: Int = 1,
    val scoreThreshold: Double = 0.3,
    val nmsIou: Double = 0.55,
    val frameWeight: Map<String, Double> = emptyMap(),
    val categories: Map<String, List<String>> = emptyMap(),
)
