package org.pocketshelf.core.stages.detect

import org.pocketshelf.core.BundleError
import org.pocketshelf.core.formats.DetectorSpec
import org.pocketshelf.core.runtime.ModelRunner
import org.pocketshelf.core.runtime.Tensor
import org.pocketshelf.core.stages.preprocess.Photo
import org.pocketshelf.core.types.Detection

/** So many boxes of a photo are left at most, the best of all groups. */
const val MOST_BOXES = 50

/** The stage that finds things in a photo. */
interface Detector {
    /**
     * Everything that may be something, best score first; [selectRegions] chooses among it.
     *
     * @throws BundleError the network's outputs are not those its bundle describes.
     */
    fun detect(photo: Photo): List<Detection>
}

/**
 * What a detector leaves out.
 *
 * @property score boxes below are noise.
 * @property candidates so many of a group, the best, enter the suppression, which compares all pairs.
 * @property boxes so many are left of a photo, the best of all groups.
 */
data class Cutoffs(val score: Float = 0.05f, val candidates: Int = 300, val boxes: Int = MOST_BOXES)

/**
 * The default [Detector]: a bundle's anchor-free network as FCOS is (Tian et al., ICCV 2019), decoded, with
 * suppression within each group.
 *
 * @param spec what the bundle says of the network.
 * @param runner the loaded network.
 */
class NetworkDetector(
    private val spec: DetectorSpec,
    private val runner: ModelRunner,
    cutoffs: Cutoffs = Cutoffs(),
) : Detector {
    private val decoder = BoxDecoder(spec, cutoffs)

    override fun detect(photo: Photo): List<Detection> {
        val outputs = runner.run(photo.networkInput(spec.preprocessing))
        if (outputs.size <= maxOf(spec.scoresOutput, spec.distancesOutput)) {
            throw BundleError("${spec.file.file}: gives ${outputs.size} outputs, fewer than its bundle names")
        }
        return decode(outputs[spec.scoresOutput], outputs[spec.distancesOutput], photo)
    }

    private fun decode(scores: Tensor, distances: Tensor, photo: Photo): List<Detection> {
        val points = decoder.points
        val groups = spec.groups.size
        if (!scores.hasShape(1, points, groups) || !distances.hasShape(1, points, 4)) {
            throw BundleError(
                "${spec.file.file}: its outputs are ${scores.shown} and ${distances.shown}, not " +
                    "[1, $points, $groups] and [1, $points, 4] as its bundle says",
            )
        }
        return decoder.decode(scores.values, distances.values, photo.width, photo.height)
    }
}
