package org.pocketshelf.core.stages

import org.pocketshelf.core.formats.GroupHead
import org.pocketshelf.core.text.caseFolded
import org.pocketshelf.core.types.Box
import org.pocketshelf.core.types.Detection

/** A box of this share of the frame, or more, is what the frame is about; below, the frame counts for less. */
const val FULL_SHARE = 0.15

/** Cosine that a product of another group's category loses, where nothing but its category tells. */
const val PENALTY = 0.15

/** Where its own picture tells, too: what each of the two witnesses may cost. */
const val WORD = 0.12
const val LOOK = 0.12

/**
 * How far the frame shows the same thing as [box], 0 to 1; it scales a bundle's frame weight.
 *
 * min(1, a / 0.15) · max(0, 1 - b / a), a being the box's share of the frame's area, b that of all [others].
 *
 * @param width of the frame in pixels; [height] likewise.
 */
fun frameShare(box: Box, others: List<Box>, width: Int, height: Int): Double {
    val area = width.toDouble() * height
    val own = box.width * box.height / area
    var rest = 0.0
    for (other in others) rest += other.width * other.height
    rest /= area
    return minOf(1.0, own / FULL_SHARE) * maxOf(0.0, 1.0 - rest / maxOf(own, 1e-9))
}

/**
 * Which categories of a catalogue belong to a detector's group, by their names.
 *
 * Names are compared without case and plural, the last part of a path ("Women > Tops" is "top"). A name that no group
 * claims belongs where its products look to be of, if that is known, else to any.
 *
 * @property names group → names.
 * @property penalty cosine that a product of another group's category loses where nothing else tells; it falls, it does
 *   not vanish: a box may be of the wrong group.
 * @property looks category → the groups that its products look to be of.
 */
class Shelves(
    val names: Map<String, List<String>>,
    val penalty: Double = PENALTY,
    val looks: Map<String, Set<String>> = emptyMap(),
) {
    // Plain name → the groups that claim it; a group claims its own.
    private val owners = HashMap<String, MutableSet<String>>()

    init {
        for ((group, claimed) in names) {
            for (name in listOf(group) + claimed) owners.getOrPut(plain(name)) { HashSet() } += group
        }
    }

    /**
     * The same, knowing those of [categories] that no group claims by their products, too.
     *
     * @param products category → vectors of some of its products, n · D signed bytes.
     */
    fun looking(categories: Iterable<String>, head: GroupHead, products: (String) -> ByteArray): Shelves {
        val unknown = names.keys - head.names.toSet()
        val found = categories.filter { plain(it) !in owners }.associateWith(products).filterValues { it.isNotEmpty() }
        return Shelves(names, penalty, found.mapValues { head.groups(it.value) + unknown })
    }

    /** Whether a product of [category] may be what a box of [group] shows. */
    fun fits(group: String, category: String): Boolean {
        val claiming = owners(category)
        return group !in names || claiming == null || group in claiming
    }

    /**
     * Cosine that a product of [category] loses in a search for a box: its category says whether it may be what the box
     * shows, and so does its own picture.
     *
     * @param look how far its picture looks to be of the box's group, 0 to 1; null where nothing tells.
     */
    fun fall(detection: Detection, category: String, look: Double?): Double {
        if (detection.group !in names) return 0.0
        val stranger = if (fits(detection.group, category)) 0.0 else 1.0
        val cost = if (look == null) penalty * stranger else WORD * stranger + LOOK * (1.0 - look)
        return cost * detection.score
    }

    /** The groups that [category] belongs to; null if nothing tells. */
    fun owners(category: String): Set<String>? = owners[plain(category)] ?: looks[category]

    /** Category probabilities in the light of the group: the surer the box, the less others keep. */
    fun weighed(detection: Detection, probabilities: Map<String, Double>): Map<String, Double> {
        val strangers = probabilities.keys.filterNotTo(HashSet()) { fits(detection.group, it) }
        if (strangers.isEmpty()) return probabilities
        val kept = 1.0 - detection.score
        val left = probabilities.mapValues { (name, p) -> if (name in strangers) p * kept else p }
        val total = left.values.sum()
        return if (total > 0) left.mapValues { it.value / total } else probabilities
    }

    private fun plain(name: String): String {
        val last = caseFolded(name.replace('>', '/').substringAfterLast('/').trim())
        return if (last.endsWith("s") && !last.endsWith("ss")) last.dropLast(1) else last
    }
}
