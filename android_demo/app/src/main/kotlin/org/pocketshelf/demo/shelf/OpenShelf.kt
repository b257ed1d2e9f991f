package org.pocketshelf.demo.shelf

import org.pocketshelf.core.Shelf
import org.pocketshelf.core.stages.search.GraphLibrary
import org.pocketshelf.core.store.Store
import java.io.Closeable
import java.io.File

/**
 * What the screens tell of a shelf.
 *
 * @property categories name → number of its products.
 * @property canGoBack there is a generation before it.
 */
data class ShelfInfo(
    val sequence: Long,
    val space: String,
    val products: Int,
    val categories: Map<String, Int>,
    val canGoBack: Boolean,
)

/** One generation, open and ready to be searched. */
class OpenShelf private constructor(private val store: Store, graphs: GraphLibrary?) : Closeable {
    /** What the screens tell of it. */
    val info: ShelfInfo = store.products.let {
        ShelfInfo(it.meta.sequence, it.meta.space, it.size, it.categories(), store.folder.previous() != null)
    }

    /** What the core searches. */
    val shelf: Shelf = Shelf.of(store, graphs)

    /** Whether no other generation has replaced it. */
    val isCurrent: Boolean get() = store.isCurrent()

    /** The product with this id, or null; throws [org.pocketshelf.core.StoreError]. */
    fun product(id: String) = store.products.product(id)

    override fun close() = store.close()

    companion object {
        /**
         * Open the current generation of the store in [folder].
         *
         * @throws org.pocketshelf.core.StoreError there is none, or it is damaged.
         */
        fun open(folder: File, graphs: GraphLibrary?): OpenShelf = OpenShelf(Store.open(folder, AndroidDatabases), graphs)
    }
}
