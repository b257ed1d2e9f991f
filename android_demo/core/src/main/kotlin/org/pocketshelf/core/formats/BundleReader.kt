package org.pocketshelf.core.formats

import org.pocketshelf.core.BundleError
import java.io.File

private val SHA256 = Regex("[0-9a-f]{64}")

/** Reads the document of a [Bundle], naming the field that does not fit. */
internal class BundleReader(private val folder: File, private val top: Fields) {
    fun read(): Bundle {
        if (top.text("format") != Bundle.FORMAT) throw top.problem("format", "is not '${Bundle.FORMAT}'")
        val version = top.integer("version")
        if (version != Bundle.VERSION) {
            throw BundleError(
                "${top.where}: bundle version $version is not known here (only ${Bundle.VERSION}); " +
                    "update the app, or export the bundle again",
            )
        }
        val embedder = embedder(top.child("embedder"))
        val detector = if (top.has("detector")) detector(top.child("detector")) else null
        val space = top.text("space")
        val groups = ofSpace(space, "groups")
        return Bundle(
            folder = folder,
            name = top.text("name"),
            space = space,
            embedder = embedder,
            detector = detector,
            recall = if (top.has("recall")) top.mapping("recall") else null,
            others = listOf("enrolment", "outfit", "quality").filter(top::has).map { file(top.child(it)) },
            card = top.optionalText("card"),
            groupHead = if (groups == null || detector == null) null
            else GroupHead.parse(groups, embedder.dimension, detector.groups),
            turnedHead = ofSpace(space, "turned")?.let { TurnedHead.parse(it, embedder.dimension) },
        )
    }

    /** The part at [key]; null where there is none of this [space]. */
    private fun ofSpace(space: String, key: String): Fields? =
        if (top.has(key)) top.child(key).takeIf { it.text("space") == space } else null

    private fun embedder(part: Fields): EmbedderSpec {
        val categories = part.texts("categories")
        val temperature = part.number("temperature", 1.0)
        if (temperature <= 0) throw part.problem("temperature", "must be above 0")
        val heads = part.optionalChild("attributes")
        val outputs = part.child("outputs")
        return EmbedderSpec(
            file = file(part),
            precision = part.text("precision"),
            preprocessing = preprocessing(part),
            dimension = part.integer("dimension", low = 1).toInt(),
            categories = categories,
            embeddingOutput = outputs.integer("embedding", low = 0).toInt(),
            categoriesOutput = outputs.integer("categories", low = 0).toInt(),
            temperature = temperature,
            attributes = heads.names.associateWith { attribute(heads.child(it), categories) },
        )
    }

    private fun attribute(head: Fields, known: List<String>): AttributeSpec {
        val categories = if (head.has("categories")) head.texts("categories") else emptyList()
        categories.firstOrNull { it !in known }?.let {
            throw head.problem("categories", "names '$it', which is none of the model's")
        }
        return AttributeSpec(head.integer("output", low = 0).toInt(), head.texts("labels"), categories)
    }

    private fun detector(part: Fields): DetectorSpec {
        val groups = part.texts("groups")
        val weights = part.optionalChild("frame_weight")
        val shelves = part.optionalChild("categories")
        requireGroups(part, "frame_weight", weights.names, groups)
        requireGroups(part, "categories", shelves.names, groups)
        val outputs = part.child("outputs")
        return DetectorSpec(
            file = file(part),
            precision = part.text("precision"),
            preprocessing = preprocessing(part),
            groups = groups,
            strides = part.integers("strides", low = 1).map(Long::toInt),
            scoresOutput = outputs.integer("scores", low = 0).toInt(),
            distancesOutput = outputs.integer("distances", low = 0).toInt(),
            scoreThreshold = part.number("score_threshold", 0.3, low = 0.0, high = 1.0),
            nmsIou = part.number("nms_iou", 0.55, low = 0.0, high = 1.0),
            frameWeight = weights.names.associateWith { weights.number(it, low = 0.0, high = 1.0) },
            categories = shelves.names.associateWith { shelves.texts(it) },
        )
    }

    private fun requireGroups(part: Fields, key: String, names: Set<String>, groups: List<String>) {
        names.firstOrNull { it !in groups }?.let {
            throw part.problem(key, "names '$it', which is none of the groups")
        }
    }

    private fun preprocessing(part: Fields): Preprocessing {
        val read = Preprocessing.parse(part.child("preprocessing"))
        if (part.text("preprocessing_hash") != read.hash) {
            throw part.problem("preprocessing_hash", "is not that of its preprocessing (${read.hash})")
        }
        return read
    }

    private fun file(part: Fields): FileSpec {
        val name = part.text("file")
        if (name.startsWith(".") || name.any { it in "/\\:" } || name.trim() == "") {
            throw part.problem("file", "must be a plain name inside the bundle")
        }
        val sha256 = part.text("sha256")
        if (!SHA256.matches(sha256)) throw part.problem("sha256", "must be 64 hexadecimal digits")
        return FileSpec(name, sha256, part.integer("bytes", low = 0))
    }
}
