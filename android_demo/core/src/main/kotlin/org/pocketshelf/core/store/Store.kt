package org.pocketshelf.core.store

import java.io.Closeable
import java.io.File
import org.pocketshelf.core.StoreError
import org.pocketshelf.core.formats.Databases
import org.pocketshelf.core.formats.Products
import org.pocketshelf.core.formats.Shard
import org.pocketshelf.core.formats.ShardMeta
import org.pocketshelf.core.formats.Space

/**
 * One generation of a store, for reading: the one that was current when it was opened. It stays readable while others
 * replace it.
 *
 * @property folder the store's paths.
 * @property generation name of the opened generation.
 */
class Store private constructor(
    val folder: StoreFolder,
    val generation: String,
    databases: Databases,
    atOnce: Long,
) : Closeable {
    private val check = DigestCheck(folder, generation, atOnce)
    private val shard: Shard = try {
        Shard.open(databases, folder.shard(generation))
    } catch (error: Throwable) {
        check.stop()
        throw error
    }

    /** The products; each question throws [StoreError] once the shard has been found not to be the one that was written. */
    val products: Products = Checked(shard, check)

    /** What the shard says of itself. */
    val meta: ShardMeta get() = shard.meta

    /** The shard's SHA-256. */
    val digest: String get() = check.digest

    /** Whether no other generation has replaced this one, of this store or of one put in its place. */
    fun isCurrent(): Boolean {
        if (folder.current() != generation) return false
        // Names alone tell nothing of a store that was removed and made again: its generations are counted anew.
        val recorded = try {
            Digests.recorded(folder, generation)[StoreFolder.SHARD_NAME]
        } catch (_: StoreError) {
            null
        }
        return recorded == null || recorded == digest
    }

    /** Every product, by id, passed to [each] until it says false. */
    fun forEachProduct(each: (org.pocketshelf.core.formats.Product) -> Boolean) {
        check.requireSound()
        shard.forEachProduct(each = each)
    }

    /** What the store holds, as one JSON object. */
    fun status(): Map<String, Any?> = linkedMapOf(
        "store" to folder.path.path,
        "generation" to generation,
        "previous" to folder.previous(),
        "space" to meta.space,
        "preprocessing" to meta.preprocessing,
        "bundle" to meta.bundle,
        "sequence" to meta.sequence,
        "dimension" to meta.dimension,
        "products" to products.size,
        "bytes" to folder.shard(generation).length(),
        "categories" to products.categories(),
    )

    /**
     * Refuse models whose vectors do not compare with the store's.
     *
     * @param bundle what they mean.
     * @throws org.pocketshelf.core.SpaceMismatch space, dimension or preprocessing differ.
     */
    fun requireSpace(bundle: Space) = meta.vectorsOf().requireSame(
        bundle,
        "${folder.path}: its vectors are",
        "those of the bundle '${bundle.bundle}'",
        "sync the store again, or take its bundle",
    )

    override fun close() {
        check.stop()
        shard.close()
    }

    companion object {
        // Between reading the pointer and opening its shard, a writer may publish twice and prune.
        private const val ATTEMPTS = 5

        /**
         * Open the current generation of the store at [path].
         *
         * @throws StoreError there is no store, or its current shard is missing or damaged.
         */
        fun open(path: File, databases: Databases): Store = open(path, databases, DigestCheck.AT_ONCE)

        /** The same; [atOnce] as of [DigestCheck]. */
        internal fun open(path: File, databases: Databases, atOnce: Long): Store {
            val folder = StoreFolder(path)
            var name = folder.requireCurrent()
            repeat(ATTEMPTS) {
                try {
                    return Store(folder, name, databases, atOnce)
                } catch (error: StoreError) {
                    val failed = name
                    name = folder.requireCurrent()
                    if (name == failed) throw withRemedy(folder, error)
                }
            }
            throw StoreError("$path: changes faster than it can be opened")
        }

        /** The sequence of the store at [path]; null if there is none, or it cannot be opened. */
        fun currentSequence(path: File, databases: Databases): Long? = try {
            val folder = StoreFolder(path)
            Shard.open(databases, folder.shard(folder.requireCurrent())).use { it.meta.sequence }
        } catch (_: StoreError) {
            null
        }

        private fun withRemedy(folder: StoreFolder, error: StoreError): StoreError {
            val remedy = if (folder.previous() == null) "" else "; 'rollback' returns to the generation before"
            return StoreError(error.message + remedy, error)
        }
    }
}

/** What a [shard] says, as long as [check] does not know it for another than was written. */
private class Checked(private val shard: Products, private val check: DigestCheck) : Products {
    private val sound: Products
        get() {
            check.requireSound()
            return shard
        }
    override val meta: ShardMeta get() = shard.meta
    override val size: Int get() = sound.size

    override fun categories() = sound.categories()

    override fun product(productId: String) = sound.product(productId)

    override fun ids() = sound.ids()

    override fun owners(category: String) = sound.owners(category)

    override fun vectors(category: String) = sound.vectors(category)

    override fun someOf(category: String, most: Int) = sound.someOf(category, most)

    override fun firstVectors(ids: List<String>) = sound.firstVectors(ids)

    override fun states(name: String, most: Int) = sound.states(name, most)
}
