package org.pocketshelf.demo.camera

import android.Manifest
import android.app.Activity
import android.content.Intent
import android.content.pm.PackageManager
import android.net.Uri
import android.os.Bundle
import android.os.SystemClock
import android.provider.Settings
import android.view.View
import android.view.ViewGroup
import org.pocketshelf.core.PocketshelfError
import org.pocketshelf.core.live.LiveView
import org.pocketshelf.core.oneLine
import org.pocketshelf.core.screen.Event
import org.pocketshelf.core.screen.Page
import org.pocketshelf.core.screen.Screen
import org.pocketshelf.core.stages.preprocess.Photo
import org.pocketshelf.core.stages.preprocess.Pixels
import org.pocketshelf.core.types.SearchResult
import org.pocketshelf.core.types.StoreInfo
import org.pocketshelf.core.types.Timings
import org.pocketshelf.demo.Online
import org.pocketshelf.demo.PocketshelfApp
import org.pocketshelf.demo.R
import org.pocketshelf.demo.find
import org.pocketshelf.demo.parts.Frames
import org.pocketshelf.demo.parts.LiveCamera
import org.pocketshelf.demo.parts.partsOfThisBuild
import org.pocketshelf.demo.results.Answer
import org.pocketshelf.demo.results.ResultsActivity
import org.pocketshelf.demo.settings.SettingsActivity

/** The first screen: the camera's picture with boxes; a tap on one opens what is like it. */
class CameraActivity : Activity(), Frames {
    private val app get() = application as PocketshelfApp
    private val throttle = Throttle(clock = SystemClock::elapsedRealtime)
    private lateinit var view: CameraScreen
    private lateinit var online: Online
    private var camera: LiveCamera? = null
    private var screen = Screen()

    // Of the photo or the box that is shown, a region each.
    private var answers = emptyList<Answer>()

    // The chosen photo that is shown in the camera's place.
    private var frozen: Photo? = null

    @Volatile
    private var wantsFrames = false

    @Volatile
    private var lastFrame: Pair<Photo, LiveView>? = null

    override fun onCreate(savedInstanceState: Bundle?) {
        super.onCreate(savedInstanceState)
        setContentView(R.layout.activity_camera)
        view = CameraScreen(this, partsOfThisBuild)
        view.onBox = ::boxTapped
        view.onWhole = ::searchWhole
        view.onChoose = ::choose
        view.onSettings = { startActivity(Intent(this, SettingsActivity::class.java)) }
        view.onAllow = ::askAgain
        view.onAllResults = { startActivity(Intent(this, ResultsActivity::class.java)) }
        online = Online(this) { send(Event.NetworkChanged(it)) }
        camera = partsOfThisBuild.camera(this, find<ViewGroup>(R.id.preview), this)
        @Suppress("DEPRECATION")
        (lastNonConfigurationInstance as? Kept)?.let(::takeUp)
        send(Event.CameraAnswered(camera != null && isAllowed()))
        if (savedInstanceState == null && camera != null && !isAllowed()) ask(CAMERA)
    }

    /** What a phone that is turned must not lose: what was found, and the photo that it was found in. */
    private class Kept(val screen: Screen, val answers: List<Answer>, val frozen: Photo?)

    @Deprecated("The platform's own; its successor is AndroidX's.")
    override fun onRetainNonConfigurationInstance(): Any? =
        if (screen.page is Page.Results) Kept(screen, answers, frozen) else null

    private fun takeUp(kept: Kept) {
        screen = kept.screen.copy(message = null)
        answers = kept.answers
        frozen = kept.frozen?.also(view::freeze)
    }

    private fun ask(code: Int) = requestPermissions(arrayOf(Manifest.permission.CAMERA), code)

    /** By the button: where the system asks no more, its settings are opened. */
    private fun askAgain() = ask(if (shouldShowRequestPermissionRationale(Manifest.permission.CAMERA)) CAMERA else CAMERA_AGAIN)

    override fun onStart() {
        super.onStart()
        online.start()
        // It may have been allowed in the system's settings meanwhile.
        if (isAllowed() && camera != null && screen.camera != true) send(Event.CameraAnswered(true))
        if (isAllowed()) camera?.start()
        app.keeper.start { if (!isDestroyed) shelfOpened() }
    }

    override fun onStop() {
        online.stop()
        camera?.stop()
        super.onStop()
    }

    override fun onDestroy() {
        camera?.close()
        super.onDestroy()
    }

    @Deprecated("Until the app needs Android 13, where OnBackInvokedCallback is.")
    override fun onBackPressed() {
        if (screen.isHome) {
            @Suppress("DEPRECATION")
            super.onBackPressed()
        } else {
            send(Event.Back)
        }
    }

    override fun onRequestPermissionsResult(requestCode: Int, permissions: Array<String>, grantResults: IntArray) {
        send(Event.CameraAnswered(isAllowed()))
        if (isAllowed()) {
            camera?.start()
        } else if (requestCode == CAMERA_AGAIN && !shouldShowRequestPermissionRationale(Manifest.permission.CAMERA)) {
            startActivity(Intent(Settings.ACTION_APPLICATION_DETAILS_SETTINGS, Uri.fromParts("package", packageName, null)))
        }
    }

    // Frames: in the camera's own thread, but for failed.
    override fun wanted(): Boolean = wantsFrames && throttle.admits()

    override fun seen(pixels: Pixels) {
        try {
            val photo = Photo(pixels)
            val found = app.keeper.see(photo) ?: return
            lastFrame = Pair(photo, found)
            runOnUiThread { if (!isDestroyed) send(Event.FrameSeen(found)) }
        } catch (error: PocketshelfError) {
            runOnUiThread { if (!isDestroyed) send(failure(error)) }
        } finally {
            throttle.done()
        }
    }

    override fun failed(why: String) {
        if (isDestroyed) return
        send(Event.CameraAnswered(false))
        send(Event.Failed(getString(R.string.camera_failed)))
    }

    /** Told in the person's language, with what the core says behind it. */
    private fun failure(error: Throwable) = Event.Failed(getString(R.string.failed) + ": " + oneLine(error))

    private fun isAllowed() = checkSelfPermission(Manifest.permission.CAMERA) == PackageManager.PERMISSION_GRANTED

    private fun shelfOpened() {
        val keeper = app.keeper
        val info = keeper.info?.let { StoreInfo(it.sequence, it.space, keeper.bundle?.name ?: "") }
        send(Event.ShelfOpened(info))
        keeper.trouble?.let { send(Event.Failed(it)) }
    }

    /** One step of the screen's life: what happened, what is shown now, and what is to be done about it. */
    private fun send(event: Event) {
        screen = screen.on(event)
        wantsFrames = screen.wantsFrames
        val page = screen.page
        if (page !is Page.Results && page != Page.Searching) {
            answers = emptyList()
            frozen = null
        }
        app.answer = (page as? Page.Results)?.let { answers.getOrNull(it.chosen) }
        view.show(screen, answers, app.keeper)
        if (screen.message != null && event !is Event.MessageSeen) showLong(screen.message)
    }

    /** A message stays long enough to be read, or heard. */
    private fun showLong(message: String?) {
        view.later(MESSAGE_MS) { if (!isDestroyed && screen.message == message) send(Event.MessageSeen) }
    }

    /** Of the live picture a thing's number, of a photo a region's place. */
    private fun boxTapped(number: Int) {
        if (screen.page is Page.Results) return send(Event.RegionChosen(number))
        send(Event.BoxTapped(number))
        answerBox(number)
    }

    /** The tapped box, embedded from the frame that it was seen in: so that chips can search it in other categories. */
    private fun answerBox(number: Int) {
        val (photo, seen) = lastFrame ?: return
        if (seen.regions.none { it.number == number }) return
        app.keeper.searchBox(photo, seen, number) { found ->
            if (isDestroyed) return@searchBox
            found.fold({
                answers = listOf(it)
                send(Event.RegionAnswered(it.region))
            }, { send(failure(it)) })
        }
    }

    private fun searchWhole() {
        val (photo, _) = lastFrame ?: return
        search(photo, whole = true)
    }

    private fun searchFrozen(photo: Photo) {
        view.freeze(photo)
        frozen = photo
        search(photo, whole = false)
    }

    private fun search(photo: Photo, whole: Boolean) {
        send(Event.PhotoChosen)
        app.keeper.search(photo, whole) { found ->
            if (isDestroyed) return@search
            found.fold({
                answers = it
                val ms = Timings(total = it.firstOrNull()?.tookMs ?: 0.0)
                send(Event.Answered(SearchResult("photo", photo.width, photo.height, it.map(Answer::region), ms)))
            }, { send(failure(it)) })
        }
    }

    private fun choose() {
        val images = Intent(Intent.ACTION_GET_CONTENT).setType("image/*").addCategory(Intent.CATEGORY_OPENABLE)
        startActivityForResult(images, PHOTO)
    }

    @Deprecated("The platform's own; its successor is AndroidX's.")
    override fun onActivityResult(requestCode: Int, resultCode: Int, data: Intent?) {
        val uri: Uri = data?.data ?: return
        if (requestCode != PHOTO || resultCode != RESULT_OK) return
        app.keeper.read(uri) { found ->
            if (!isDestroyed) found.fold(::searchFrozen) { send(Event.Failed(getString(R.string.failed_photo))) }
        }
    }

    private companion object {
        const val CAMERA = 1
        const val PHOTO = 2
        const val CAMERA_AGAIN = 3
        const val MESSAGE_MS = 8_000L
    }
}
