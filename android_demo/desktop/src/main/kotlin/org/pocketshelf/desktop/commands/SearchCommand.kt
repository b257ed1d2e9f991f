package org.pocketshelf.desktop.commands

import java.io.File
import java.nio.ByteBuffer
import java.nio.ByteOrder
import org.pocketshelf.core.UsageError
import org.pocketshelf.core.formats.DerivedFile
import org.pocketshelf.core.formats.StrictJson
import org.pocketshelf.core.oneLine
import org.pocketshelf.core.stages.route.namedCategories
import org.pocketshelf.core.stages.search.StoreSearcher
import org.pocketshelf.core.store.Store
import org.pocketshelf.desktop.Arguments
import org.pocketshelf.desktop.JdbcDatabases
import org.pocketshelf.desktop.search.FastestScanners
import org.pocketshelf.desktop.search.UsearchLibrary

/** `search --store S --vectors FILE [--k 10] [--category NAME] [--usearch LIBRARY]`: one JSON line a query. */
object SearchCommand {
    /**
     * [arguments] without the command's name; FILE holds n · D little-endian 32-bit floats. With USearch's library large
     * categories are searched by a graph, which is kept beside the generation.
     */
    fun run(arguments: List<String>): Int {
        val options = Arguments(arguments, setOf("store", "vectors", "k", "category", "usearch"))
        val k = (options.optional("k") ?: "10").toIntOrNull()?.takeIf { it in 1..1000 }
            ?: throw UsageError("--k must be a number from 1 to 1000")
        Store.open(File(options.required("store")), JdbcDatabases()).use { store ->
            val products = store.products
            val asked = namedCategories(options.all("category"), products.categories().keys).categories
            val categories = asked.ifEmpty { products.categories().keys.toList() }
            val searcher = searcher(store, options.optional("usearch"))
            for (query in queries(File(options.required("vectors")), products.meta.dimension)) {
                val hits = searcher.search(query, categories, k).map { linkedMapOf("product_id" to it.productId, "score" to it.score) }
                println(StrictJson.write(mapOf("hits" to hits)))
            }
        }
        return 0
    }

    private fun searcher(store: Store, library: String?): StoreSearcher {
        if (library == null) return StoreSearcher(store.products, scanners = FastestScanners)
        val graphs = try {
            UsearchLibrary(File(library))
        } catch (error: RuntimeException) {
            throw UsageError("$library: cannot be opened (${oneLine(error)})", error)
        } catch (error: LinkageError) {
            throw UsageError("$library: is no USearch (${oneLine(error)})", error)
        }
        val folder = store.folder.index(store.generation)
        return StoreSearcher(store.products, scanners = FastestScanners, graphs = graphs) {
            DerivedFile.ofCategory(folder, store.digest, it)
        }
    }

    private fun queries(file: File, dimension: Int): List<FloatArray> {
        if (!file.isFile) throw UsageError("$file: no such file")
        val numbers = ByteBuffer.wrap(file.readBytes()).order(ByteOrder.LITTLE_ENDIAN)
        if (numbers.remaining() % (4 * dimension) != 0) {
            throw UsageError("$file: ${numbers.remaining()} bytes are no vectors of $dimension 32-bit floats")
        }
        val floats = numbers.asFloatBuffer()
        val queries = List(floats.remaining() / dimension) { FloatArray(dimension).also { floats.get(it) } }
        if (queries.any { query -> query.any { it.isNaN() || it.isInfinite() } }) {
            throw UsageError("$file: a vector holds NaN or infinity")
        }
        return queries
    }
}
