package org.pocketshelf.demo.shelf

import android.content.Context
import android.graphics.Bitmap
import android.net.Uri
import android.os.Handler
import android.os.Looper
import org.pocketshelf.core.PocketshelfError
import org.pocketshelf.core.RegionAnswer
import org.pocketshelf.core.Retriever
import org.pocketshelf.core.StoreError
import org.pocketshelf.core.formats.Bundle
import org.pocketshelf.core.formats.Shard
import org.pocketshelf.core.live.LiveView
import org.pocketshelf.core.live.Watch
import org.pocketshelf.core.network.HttpExchange
import org.pocketshelf.core.oneLine
import org.pocketshelf.core.recall.ServerFallback
import org.pocketshelf.core.recall.ServerPictures
import org.pocketshelf.core.runtime.WarmUp
import org.pocketshelf.core.stages.preprocess.Photo
import org.pocketshelf.core.stages.search.StoreSearcher
import org.pocketshelf.core.store.StoreFolder
import org.pocketshelf.core.store.StoreWriter
import org.pocketshelf.core.sync.Environment
import org.pocketshelf.core.sync.Request
import org.pocketshelf.core.sync.SyncReport
import org.pocketshelf.core.sync.Syncer
import org.pocketshelf.core.types.Detection
import org.pocketshelf.core.types.Hit
import org.pocketshelf.core.types.Region
import org.pocketshelf.demo.parts.Parts
import org.pocketshelf.demo.photos.PhotoReader
import org.pocketshelf.demo.results.Answer
import org.pocketshelf.demo.settings.Settings
import org.pocketshelf.signatures.BouncyCastleVerifier
import java.io.File
import java.io.IOException
import java.util.concurrent.ExecutorService
import java.util.concurrent.Executors

/**
 * The app's one shelf and its models: opened once, searched by every screen, replaced when a sync brought a newer one.
 *
 * Work is done in threads of its own, answers come in the main thread. Searches and the camera's frames never run at
 * the same time: a phone has one accelerator.
 */
class ShelfKeeper(private val context: Context, private val parts: Parts, private val settings: Settings) {
    private val folder = File(context.noBackupFilesDir, "store")
    private val searching: ExecutorService = Executors.newSingleThreadExecutor()
    private val syncing: ExecutorService = Executors.newSingleThreadExecutor()
    private val picturing: ExecutorService = Executors.newSingleThreadExecutor()
    private val main = Handler(Looper.getMainLooper())
    private val lock = Any()

    private var open: OpenShelf? = null
    private var retriever: Retriever? = null
    private var watch: Watch? = null

    @Volatile
    private var pictures: ServerPictures? = null

    /** What is open, for the screens; null while there is none. */
    @Volatile
    var info: ShelfInfo? = null
        private set

    /** The networks and where they run; null where this build has no runtime or they failed, see [trouble]. */
    @Volatile
    var models: Models? = null
        private set

    /** The app's bundle; null until it was unpacked. */
    @Volatile
    var bundle: Bundle? = null
        private set

    /** What is wrong, in one line: a damaged shelf, a model that does not reproduce its golden vector. */
    @Volatile
    var trouble: String? = null
        private set

    /** Open everything; [done] once it is there or found missing. */
    fun start(done: () -> Unit) = searching.execute {
        synchronized(lock) {
            try {
                val unpacked = bundle ?: Models.bundle(context).also { bundle = it }
                if (parts.runsModels && models == null) models = Models.load(context, parts, unpacked)
                if (open?.isCurrent != true) reopen()
                // A sync in the background opened it before there were models to search it with.
                if (retriever == null) open?.let(::use)
                trouble = null
            } catch (error: PocketshelfError) {
                trouble = oneLine(error)
            }
        }
        main.post(done)
    }

    /** Look at a frame of the camera, in the camera's thread; null where nothing can be searched. */
    fun see(photo: Photo): LiveView? = synchronized(lock) { watch?.see(photo) }

    /** Read a photo that was chosen. */
    fun read(uri: Uri, done: (Result<Photo>) -> Unit) = inBackground(done) { PhotoReader(context.contentResolver).read(uri) }

    /**
     * Search a photo: an answer a region, most prominent first. Where the server may be asked, it is for the first alone,
     * so that nobody waits for the others.
     */
    fun search(photo: Photo, whole: Boolean, done: (Result<List<Answer>>) -> Unit) = inBackground(done) {
        val began = System.nanoTime()
        usable().answers(photo, whole = whole).map { answer(it, began) }
    }

    /** Search one of the [boxes] that a frame showed, by its number. */
    fun searchBox(photo: Photo, boxes: LiveView, number: Int, done: (Result<Answer>) -> Unit) = inBackground(done) {
        val began = System.nanoTime()
        val all = boxes.regions.map { Detection(it.region.box, it.region.group, it.region.score) }
        val wanted = all[boxes.regions.indexOfFirst { it.number == number }]
        val encoded = usable().encoder.encodeBoxes(photo, all, listOf(wanted)).single()
        answer(usable().answerRegion(encoded, photo = photo), began)
    }

    private fun answer(found: RegionAnswer, began: Long) =
        Answer(found.region, found.encoded, found.fallback, (System.nanoTime() - began) / 1e6)

    /** The same box in another category, by its vector alone. */
    fun searchCategory(answer: Answer, category: String, done: (Result<Region>) -> Unit) =
        inBackground(done) { usable().searchRegion(answer.encoded, k = 50, categories = listOf(category)) }

    /** A product of the shelf; null where it is gone. */
    fun product(id: String, done: (Result<Hit?>) -> Unit) = inBackground(done) {
        open?.product(id)?.let { Hit(it.productId, 1.0, it.title, it.category, image = it.image, attributes = it.attributes) }
    }

    /** The server's picture of a product that it found; null where there is none, or it may not be asked. */
    fun picture(id: String, done: (Bitmap?) -> Unit) = picturing.execute {
        val picture = attempt { pictures?.get(id)?.let(PhotoReader::small) }.getOrNull()
        main.post { done(picture) }
    }

    /**
     * Bring the shelf to what [server] published; the shelf before stays in use until the new one was tried.
     *
     * @param ifDue does nothing while a server that was away is left alone.
     */
    fun sync(server: String, ifDue: Boolean = false, done: (Result<SyncReport>) -> Unit) = syncing.execute {
        val result = attempt {
            val space = synchronized(lock) { bundle ?: Models.bundle(context).also { bundle = it } }.vectorSpace
            val request = Request(server, trustOnFirstUse = !hasRoot(), bundle = space, ifDue = ifDue)
            val environment = Environment(AndroidDatabases, BouncyCastleVerifier(), prepare = ::tryOut)
            val report = Syncer(folder, request, environment).run()
            // Local features come to a shelf that is open already, too.
            if (report.outcome == "updated" || report.features in BROUGHT) synchronized(lock) { reopen() }
            if (report.outcome in FRESH) settings.freshAt = System.currentTimeMillis()
            report
        }
        main.post { done(result) }
    }

    /** Return to the generation before; its name. */
    fun rollback(done: (Result<ShelfInfo?>) -> Unit) = syncing.execute {
        val result = attempt {
            StoreWriter.rollback(folder, AndroidDatabases)
            synchronized(lock) { reopen() }
            info
        }
        main.post { done(result) }
    }

    /** The settings changed: whether the server may be asked. */
    fun applySettings() = searching.execute {
        synchronized(lock) {
            try {
                open?.let(::use)
            } catch (error: PocketshelfError) {
                trouble = oneLine(error)
            }
        }
    }

    /** A shop can ship its root of trust with the app; else whoever answers the first sync is trusted, over https. */
    private fun hasRoot(): Boolean = try {
        context.assets.open("root.json").use { stream ->
            folder.mkdirs()
            File(folder, "root.json").takeIf { !it.exists() }?.outputStream()?.use { stream.copyTo(it) }
        }
        true
    } catch (_: IOException) {
        false
    }

    /** A staged generation, before it is used: its own products must be found, and the golden vector reproduced. */
    private fun tryOut(staged: File) {
        Shard.open(AndroidDatabases, File(staged, StoreFolder.SHARD_NAME)).use { WarmUp.check(it, StoreSearcher(it)) }
        synchronized(lock) { models?.warmUp() }
    }

    private fun reopen() {
        if (StoreFolder(folder).current() == null) return
        val fresh = OpenShelf.open(folder, parts.graphs)
        val before = open
        try {
            use(fresh)
        } catch (error: PocketshelfError) {
            fresh.close()
            throw error
        }
        before?.close()
    }

    private fun use(shelf: OpenShelf) {
        val loaded = models
        if (loaded != null) {
            val made = Retriever(shelf.shelf, loaded.encoder, fallback = fallback())
            retriever = made
            watch = Watch(made)
            pictures = asked()?.let { ServerPictures(it, HttpExchange()) }
        }
        open = shelf
        info = shelf.info
    }

    private fun fallback() = asked()?.let { ServerFallback(it, HttpExchange()) }

    /** The server that may be asked, if any. */
    private fun asked() = settings.server.takeIf { settings.asksServer && it.isNotEmpty() }

    private fun usable(): Retriever = retriever ?: throw StoreError(trouble ?: "no shelf yet, or no models: see the settings")

    private fun <T> inBackground(done: (Result<T>) -> Unit, work: () -> T) = searching.execute {
        val result = attempt { synchronized(lock, work) }
        main.post { done(result) }
    }

    /** Errors that are meant for people; anything else ends the app, as a fault of the program should. */
    private fun <T> attempt(work: () -> T): Result<T> = try {
        Result.success(work())
    } catch (error: PocketshelfError) {
        Result.failure(error)
    }

    private companion object {
        val FRESH = setOf("updated", "current")
        val BROUGHT = setOf("changes", "snapshot")
    }
}
