package org.pocketshelf.core

import org.pocketshelf.core.formats.AttributeSpec
import org.pocketshelf.core.formats.Bundle
import org.pocketshelf.core.runtime.ModelRunner
import org.pocketshelf.core.stages.Light
import org.pocketshelf.core.stages.Shelves
import org.pocketshelf.core.stages.detect.Detector
import org.pocketshelf.core.stages.detect.NetworkDetector
import org.pocketshelf.core.stages.detect.lookAgain
import org.pocketshelf.core.stages.detect.selectRegions
import org.pocketshelf.core.stages.embed.Embedder
import org.pocketshelf.core.stages.embed.Embedding
import org.pocketshelf.core.stages.embed.NetworkEmbedder
import org.pocketshelf.core.stages.embed.blend
import org.pocketshelf.core.stages.embed.topCategories
import org.pocketshelf.core.stages.frameShare
import org.pocketshelf.core.stages.histograms
import org.pocketshelf.core.stages.lookedAt
import org.pocketshelf.core.stages.preprocess.Photo
import org.pocketshelf.core.stages.preprocess.Pixels
import org.pocketshelf.core.stages.shownIn
import org.pocketshelf.core.types.Box
import org.pocketshelf.core.types.Detection
import org.pocketshelf.core.types.Named
import org.pocketshelf.core.types.Region
import org.pocketshelf.core.types.Timings

/** The group of a region that no detector claims: the frame, as asked (score 1) or for want of boxes (0). */
const val FRAME = "frame"

/**
 * A box, what the detector says of it, and what the embedder says of what is in it.
 *
 * @property heads the bundle's attributes, by name.
 * @param pixels a few of the box's, see [lookedAt]; null where no photo is there.
 * @param light of the photo, whose colours they are told in.
 */
class EncodedRegion(
    val detection: Detection,
    val embedding: Embedding,
    private val heads: Map<String, AttributeSpec>,
    private val pixels: Pixels? = null,
    private val light: Light? = null,
) {
    /** The same in a photo in which this one's begins so far across and down. */
    internal fun moved(across: Double, down: Double): EncodedRegion {
        val (x, y, width, height) = detection.box
        return EncodedRegion(detection.copy(box = Box(x + across, y + down, width, height)), embedding, heads, pixels, light)
    }

    /** The histograms of its colours, as they came and in other light ([Light]); none without pixels. */
    val colours: List<FloatArray> by lazy {
        if (pixels == null || light == null) emptyList() else histograms(light.palettesOf(pixels))
    }

    /** Attribute → label → probability, of the attributes that things of its likely categories have. */
    val attributeProbabilities: Map<String, Map<String, Double>> by lazy {
        val known = LinkedHashMap<String, Map<String, Double>>()
        for ((name, head) in heads) {
            val probabilities = embedding.attributes[name] ?: continue
            if (head.categories.isNotEmpty() && head.categories.sumOf { embedding.categories[it] ?: 0.0 } < 0.5) continue
            known[name] = head.labels.withIndex().associate { (place, label) -> label to probabilities[place].toDouble() }
        }
        known
    }

    /** The typed result, without hits. */
    fun toRegion(): Region = Region(
        box = detection.box,
        group = detection.group,
        score = detection.score,
        categories = topCategories(embedding.categories),
        attributes = attributeProbabilities.mapValues { (_, labels) ->
            val best = labels.entries.reduce { a, b -> if (b.value > a.value) b else a }
            Named(best.key, best.value)
        },
        vector = embedding.vector,
    )
}

/** What the detector sees in a frame. */
class Boxes(val all: List<Detection>, val chosen: List<Detection>)

/**
 * Detect and embed with the models of one bundle; decoding a file is the platform's. Calls of one network follow each
 * other, as its runner has it.
 *
 * @property bundle describes the models.
 * @param detector without one every photo is one region, the frame.
 */
class Encoder(val bundle: Bundle, private val embedder: Embedder, private val detector: Detector? = null) {
    /** Which categories belong to which of the detector's groups, by their names. */
    val shelves = Shelves(bundle.detector?.categories ?: emptyMap())

    // From which score on a box is a region.
    private val threshold = bundle.detector?.scoreThreshold ?: 0.0

    companion object {
        /** The stages of [bundle] over its loaded networks. */
        fun of(bundle: Bundle, embedder: ModelRunner, detector: ModelRunner?): Encoder = Encoder(
            bundle,
            NetworkEmbedder(bundle.embedder, embedder),
            bundle.detector?.let { spec -> detector?.let { NetworkDetector(spec, it) } },
        )
    }

    /**
     * The photo's regions, most prominent first, each embedded; of a screenshot those of the picture in it ([shownIn]).
     *
     * @param whole one region, the frame, without a look at what is in it.
     * @param ms receives the stages' times.
     * @throws BundleError the networks' outputs are not those the bundle describes.
     */
    fun encode(photo: Photo, whole: Boolean = false, ms: Timings = Timings()): List<EncodedRegion> {
        var started = System.nanoTime()
        val shown = shownIn(photo)
        val found = regions(shown.photo, whole)
        ms.detect += millisecondsSince(started)
        started = System.nanoTime()
        val encoded = encodeBoxes(shown.photo, found, found)
        ms.embed += millisecondsSince(started)
        return if (shown.photo === photo) encoded else encoded.map { it.moved(shown.across, shown.down) }
    }

    /**
     * What the detector sees in a frame: all that may be something, best score first, and what a search looks at, most
     * prominent first; nothing where there is no detector.
     *
     * @param weak share of the bundle's threshold from which on a box is among the first.
     * @param again a second look at somebody far away ([lookAgain]), as a search has it.
     */
    fun boxes(photo: Photo, weak: Double = 1.0, again: Boolean = false): Boxes {
        val once = detector?.detect(photo) ?: emptyList()
        val found = if (again && detector != null) lookAgain(detector, photo, once) else once
        val chosen = selectRegions(found, photo.width, photo.height, threshold)
        return Boxes(found.filter { it.score >= weak * threshold }, chosen)
    }

    /** The regions of [wanted], some of the photo's [boxes]: all of them decide what its frame counts. */
    fun encodeBoxes(photo: Photo, boxes: List<Detection>, wanted: List<Detection>): List<EncodedRegion> {
        // Several regions may want the frame: it is embedded once, and only if one does.
        val frame = lazy { embedded(photo, null) }
        val light = lightOf(photo)
        return wanted.map { detection ->
            val weight = frameWeight(photo, detection, boxes)
            val crop = if (weight == 1.0) frame.value else embedded(photo, detection.box)
            val embedding = if (weight > 0.0 && weight < 1.0) blend(crop, frame.value, weight) else crop
            val weighed = embedding.withCategories(shelves.weighed(detection, embedding.categories))
            EncodedRegion(detection, weighed, bundle.embedder.attributes, lookedAt(photo, detection.box), light)
        }
    }

    /** The region of a flat thing that was found in [photo], in [box], without the detector. */
    fun encodePrint(photo: Photo, box: Box): EncodedRegion =
        EncodedRegion(
            Detection(box, FRAME, 1.0), embedded(photo, box), bundle.embedder.attributes, lookedAt(photo, box), lightOf(photo),
        )

    private fun lightOf(photo: Photo) = Light(lookedAt(photo, photo.frame))

    private fun regions(photo: Photo, whole: Boolean): List<Detection> {
        if (whole || detector == null) return listOf(Detection(photo.frame, FRAME, 1.0))
        return boxes(photo, again = true).chosen.ifEmpty { listOf(Detection(photo.frame, FRAME, 0.0)) }
    }

    private fun embedded(photo: Photo, box: Box?): Embedding {
        val embedding = embedder.embed(photo, box)
        val dimension = bundle.embedder.dimension
        if (embedding.vector.size != dimension) {
            throw BundleError(
                "the embedder's vector has ${embedding.vector.size} numbers, that of the bundle '${bundle.name}' has " +
                    "$dimension; name another space and dimension in the bundle",
            )
        }
        return embedding
    }

    /** What the frame weighs in a region's query beside its crop. */
    private fun frameWeight(photo: Photo, detection: Detection, boxes: List<Detection>): Double {
        val spec = bundle.detector
        if (detection.group == FRAME || spec == null) return 1.0
        val weight = spec.frameWeight[detection.group] ?: 0.0
        if (weight == 0.0) return 0.0
        val others = boxes.filter { it !== detection }.map { it.box }
        return weight * frameShare(detection.box, others, photo.width, photo.height)
    }
}

/** Wall time since a value of [System.nanoTime]. */
internal fun millisecondsSince(started: Long): Double = (System.nanoTime() - started) / 1e6
