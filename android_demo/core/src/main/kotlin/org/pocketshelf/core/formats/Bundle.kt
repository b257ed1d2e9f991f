package org.pocketshelf.core.formats

import org.pocketshelf.core.BundleError
import java.io.File
import java.io.IOException

/**
 * The models that belong together, and the space that their vectors live in: a folder with `bundle.json` and the files
 * that it names, format version 1, as `sdk/pocketshelf/formats/bundle.py` describes it.
 *
 * The SHA-256 of a model that is a folder is that of the sorted lines `<sha256>  <relative path>\n` of its files.
 * Unknown keys are ignored, so that a minor addition needs no new version; a change of meaning does.
 *
 * @property folder where the files are.
 * @property space id of the embedding space; stores of another space are refused.
 * @property recall calibration of the recall estimate, if any (see `recall/RecallModel`).
 * @property groupHead what tells a category's groups from its products, if anything of this space does.
 * @property turnedHead what tells a photo that is not the right way up, if anything of this space does.
 * @property others files of the bundle that this core does not use: enrolment, outfit, quality.
 */
data class Bundle(
    val folder: File,
    val name: String,
    val space: String,
    val embedder: EmbedderSpec,
    val detector: DetectorSpec? = null,
    val recall: Map<String, Any?>? = null,
    val others: List<FileSpec> = emptyList(),
    val card: String? = null,
    val groupHead: GroupHead? = null,
    val turnedHead: TurnedHead? = null,
) {
    /** Every file but the card. */
    val files: List<FileSpec> get() = listOfNotNull(embedder.file, detector?.file) + others

    /** What the vectors of the embedder mean. */
    val vectorSpace: Space get() = Space(space, embedder.preprocessing.hash, embedder.dimension, name)

    /** The embedder's model file. */
    val embedderFile: File get() = File(folder, embedder.file.file)

    /** The detector's model file, if the bundle has a detector. */
    val detectorFile: File? get() = detector?.let { File(folder, it.file.file) }

    companion object {
        /** What `bundle.json` names as its format. */
        const val FORMAT = "pocketshelf-bundle"

        /** The one version that is known here. */
        const val VERSION = 1L

        /** The document's name in the folder. */
        const val FILE_NAME = "bundle.json"

        /** Bytes of the longest document that is read. */
        const val MAX_BYTES = 4_000_000L

        /**
         * Read and check the bundle in [folder].
         *
         * @param checkHashes compare every file with its recorded length and SHA-256.
         * @throws BundleError missing, malformed, of an unknown version, or its files are not those recorded.
         */
        fun load(folder: File, checkHashes: Boolean = true): Bundle {
            val path = File(folder, FILE_NAME)
            if (!path.isFile) throw BundleError("$folder: no bundle here ($FILE_NAME is missing)")
            val document = try {
                if (path.length() > MAX_BYTES) throw IOException("longer than $MAX_BYTES bytes")
                StrictJson.parse(path.readBytes())
            } catch (error: IOException) {
                throw BundleError("$path: cannot be read as JSON (${error.message})", error)
            } catch (error: IllegalArgumentException) {
                throw BundleError("$path: cannot be read as JSON (${error.message})", error)
            }
            val bundle = BundleReader(folder, Fields(document, path.path, ::BundleError)).read()
            for (spec in bundle.files) checkFile(File(folder, spec.file), spec, checkHashes)
            return bundle
        }

        private fun checkFile(path: File, spec: FileSpec, checkHashes: Boolean) {
            if (!path.exists()) throw BundleError("$path: the model file is missing; download the bundle again")
            if (!checkHashes) return
            val found = try {
                FileDigest.of(path)
            } catch (error: IOException) {
                throw BundleError("$path: cannot be read (${error.message})", error)
            }
            if (found.sha256 != spec.sha256 || found.bytes != spec.bytes) {
                throw BundleError("$path: not the file that $FILE_NAME records; download it again")
            }
        }
    }
}
