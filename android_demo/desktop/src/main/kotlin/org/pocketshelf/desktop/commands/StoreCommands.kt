package org.pocketshelf.desktop.commands

import java.io.File
import java.io.IOException
import org.pocketshelf.core.BundleError
import org.pocketshelf.core.formats.Fields
import org.pocketshelf.core.formats.Product
import org.pocketshelf.core.formats.Space
import org.pocketshelf.core.formats.StrictJson
import org.pocketshelf.core.store.PlainFiles
import org.pocketshelf.core.store.Store
import org.pocketshelf.core.store.StoreWriter
import org.pocketshelf.core.sync.Environment
import org.pocketshelf.core.sync.Request
import org.pocketshelf.core.sync.SyncState
import org.pocketshelf.core.sync.Syncer
import org.pocketshelf.core.sync.Trust
import org.pocketshelf.core.trust.Updater
import org.pocketshelf.core.trust.hex
import org.pocketshelf.desktop.Arguments
import org.pocketshelf.desktop.JdbcDatabases
import org.pocketshelf.signatures.BouncyCastleVerifier

/** `sync`, `status`, `rollback` and `dump`: one JSON document a line on standard output. */
object StoreCommands {
    private val databases = JdbcDatabases()

    fun sync(arguments: List<String>): Int {
        val options = Arguments(
            arguments,
            setOf("store", "server", "root", "shard", "bundle"),
            setOf("allow-older", "if-due", "no-closely", "trust-on-first-use"),
        )
        val request = Request(
            serverUrl = options.required("server"),
            shard = options.optional("shard") ?: "all",
            root = options.optional("root")?.let { PlainFiles.read(File(it), Updater.ROOT_BYTES.toInt()) },
            trustOnFirstUse = options.has("trust-on-first-use"),
            bundle = options.optional("bundle")?.let { spaceOf(File(it)) },
            ifDue = options.has("if-due"),
            allowOlder = options.has("allow-older"),
            closely = !options.has("no-closely"),
        )
        val environment = Environment(databases, BouncyCastleVerifier())
        val report = Syncer(File(options.required("store")).absoluteFile, request, environment).run()
        print(report.toJson())
        report.problem?.let(System.err::println)
        return if (report.problem == null) 0 else 1
    }

    fun status(arguments: List<String>): Int {
        val path = store(arguments)
        val status = Store.open(path, databases).use { it.status() }
        return print(status + ("sync" to SyncState.load(path).toStatus() + Trust.describe(File(path, "trust"))))
    }

    fun rollback(arguments: List<String>): Int {
        val options = Arguments(arguments, setOf("store"), setOf("undo"))
        val path = File(options.required("store")).absoluteFile
        val generation = StoreWriter.rollback(path, databases, options.has("undo"))
        val sequence = Store.currentSequence(path, databases)
        return print(linkedMapOf("store" to path.path, "generation" to generation, "sequence" to sequence))
    }

    fun dump(arguments: List<String>): Int {
        val out = System.out.bufferedWriter()
        Store.open(store(arguments), databases).use { store ->
            store.forEachProduct { product ->
                out.appendLine(StrictJson.write(line(product)))
                true
            }
        }
        out.flush()
        return 0
    }

    /** A product as `dump` prints it. */
    fun line(product: Product): Map<String, Any?> = linkedMapOf(
        "product_id" to product.productId,
        "title" to product.title,
        "category" to product.category,
        "image" to product.image,
        "attributes" to product.attributes,
        "vectors" to (0 until product.pictures).map { product.vector(it).hex() },
    )

    private fun store(arguments: List<String>) = File(Arguments(arguments, setOf("store")).required("store")).absoluteFile

    /** What the vectors of the bundle in [folder] mean. */
    private fun spaceOf(folder: File): Space {
        val file = File(folder, "bundle.json")
        val document = try {
            StrictJson.parse(PlainFiles.read(file, 1_000_000))
        } catch (error: IOException) {
            throw BundleError("$file: cannot be read (${error.message})", error)
        } catch (error: IllegalArgumentException) {
            throw BundleError("$file: cannot be read as JSON (${error.message})", error)
        }
        val top = Fields(document, file.path) { BundleError(it) }
        val embedder = top.child("embedder")
        val preprocessing = embedder.text("preprocessing_hash")
        return Space(top.text("space"), preprocessing, embedder.integer("dimension", low = 1).toInt(), top.text("name"))
    }

    private fun print(document: Map<String, Any?>): Int {
        println(StrictJson.write(document))
        return 0
    }
}
