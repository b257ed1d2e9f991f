package org.pocketshelf.demo.camera

import android.app.Activity
import android.graphics.Bitmap
import android.view.View
import android.widget.Button
import android.widget.ImageButton
import android.widget.ImageView
import android.widget.LinearLayout
import android.widget.TextView
import org.pocketshelf.core.live.LiveView
import org.pocketshelf.core.screen.Page
import org.pocketshelf.core.screen.Screen
import org.pocketshelf.core.stages.preprocess.Photo
import org.pocketshelf.core.types.Region
import org.pocketshelf.demo.R
import org.pocketshelf.demo.find
import org.pocketshelf.demo.StatePanel
import org.pocketshelf.demo.groupName
import org.pocketshelf.demo.parts.Parts
import org.pocketshelf.demo.results.Answer
import org.pocketshelf.demo.results.HitRows
import org.pocketshelf.demo.shelf.ShelfKeeper

/** The views of the first screen: shows a [Screen], decides nothing. */
class CameraScreen(private val activity: Activity, private val parts: Parts) {
    var onBox: (Int) -> Unit = {}
    var onWhole: () -> Unit = {}
    var onChoose: () -> Unit = {}
    var onSettings: () -> Unit = {}
    var onAllow: () -> Unit = {}
    var onAllResults: () -> Unit = {}

    private val boxes = activity.find<BoxesView>(R.id.boxes)
    private val preview = activity.find<View>(R.id.preview)
    private val frozen = activity.find<ImageView>(R.id.frozen)
    private val notice = activity.find<TextView>(R.id.notice)
    private val sheet = activity.find<View>(R.id.sheet)
    private val title = activity.find<TextView>(R.id.sheet_title)
    private val hits = activity.find<LinearLayout>(R.id.sheet_hits)
    private val all = activity.find<Button>(R.id.sheet_all)
    private val hint = activity.find<View>(R.id.hint)
    private val whole = activity.find<Button>(R.id.whole)
    private val choose = activity.find<Button>(R.id.choose)
    private val state = StatePanel(activity)
    private val rows = HitRows(activity)
    private var shown: Answer? = null

    init {
        boxes.onTap = { onBox(it) }
        whole.setOnClickListener { onWhole() }
        choose.setOnClickListener { onChoose() }
        all.setOnClickListener { onAllResults() }
        activity.find<ImageButton>(R.id.settings).setOnClickListener { onSettings() }
    }

    /** Show [photo] in the camera's place until the camera is wanted again. */
    fun freeze(photo: Photo) {
        val pixels = photo.pixels
        val colours = IntArray(pixels.width * pixels.height) { at ->
            val from = 3 * at
            fun channel(offset: Int) = pixels.bytes[from + offset].toInt() and 0xff
            (0xff shl 24) or (channel(0) shl 16) or (channel(1) shl 8) or channel(2)
        }
        frozen.setImageBitmap(Bitmap.createBitmap(colours, pixels.width, pixels.height, Bitmap.Config.ARGB_8888))
        visible(frozen, true)
    }

    /** Do [work] in the main thread after [ms] milliseconds. */
    fun later(ms: Long, work: () -> Unit) {
        notice.postDelayed(work, ms)
    }

    /** Show [screen]; [answers] are what was found for the regions of its results, in their order. */
    fun show(screen: Screen, answers: List<Answer>, keeper: ShelfKeeper) {
        val page = screen.page
        val isLive = page is Page.Live
        if (page !is Page.Results && page != Page.Searching) visible(frozen, false)
        visible(preview, screen.camera == true)
        visible(hint, isLive)
        visible(whole, isLive)
        visible(choose, screen.shelf != null && parts.runsModels)
        showNotice(screen)
        if (page is Page.Results && page.result != null) showRegions(page, answers) else showLive((page as? Page.Live)?.view)
        showState(screen, keeper)
        showSheet((page as? Page.Results)?.let { answers.getOrNull(it.chosen) })
    }

    private fun showNotice(screen: Screen) {
        val text = screen.message ?: if (screen.showsOffline) activity.getString(R.string.offline) else null
        if (notice.text?.toString() != text.orEmpty()) notice.text = text
        notice.visibility = if (text == null) View.INVISIBLE else View.VISIBLE
    }

    private fun showLive(seen: LiveView?) {
        val regions = seen?.regions.orEmpty()
        val items = regions.mapIndexed { place, live -> item(live.number, live.region, place, regions.size) }
        boxes.show(items, seen?.width ?: 0, seen?.height ?: 0, fill = true, chosen = null)
    }

    /** Of a photo: its regions, by their places; a box that is the whole photo is not drawn. */
    private fun showRegions(page: Page.Results, answers: List<Answer>) {
        val photo = page.result ?: return
        val items = answers.mapIndexed { place, answer -> item(place, answer.region, place, answers.size) }
        boxes.show(items.filter { it.box.area < 0.98 * photo.width * photo.height }, photo.width, photo.height, isFrozen().not(), page.chosen)
    }

    private fun isFrozen() = frozen.visibility == View.VISIBLE

    private fun item(number: Int, region: Region, place: Int, count: Int): BoxesView.Item {
        val name = groupName(activity, region.group)
        val best = region.hits?.firstOrNull()?.title
        val label = if (best == null) activity.getString(R.string.box_label, name, place + 1, count)
        else activity.getString(R.string.box_label_answered, name, place + 1, count, best)
        return BoxesView.Item(number, region.box, name, label)
    }

    private fun showState(screen: Screen, keeper: ShelfKeeper) = when {
        screen.page == Page.Searching -> state.show(R.string.searching, null)
        screen.page == Page.Empty && keeper.bundle == null -> state.show(R.string.starting, keeper.trouble)
        screen.page == Page.Empty ->
            state.show(R.string.empty_title, keeper.trouble ?: activity.getString(R.string.empty_help), R.string.empty_action, onSettings)
        screen.page == Page.Starting -> state.show(R.string.starting, null)
        !parts.runsModels -> state.show(R.string.no_runtime, activity.getString(R.string.no_runtime_help), R.string.settings, onSettings)
        screen.page == Page.NoCamera ->
            state.show(R.string.camera_denied, activity.getString(R.string.camera_denied_help), R.string.camera_allow, onAllow)
        else -> state.hide()
    }

    private fun showSheet(answer: Answer?) {
        visible(sheet, answer != null)
        if (answer == null || answer === shown) return
        shown = answer
        hits.removeAllViews()
        val unsure = answer.region.confident == false
        title.setText(
            when {
                answer.nothing -> R.string.nothing_title
                unsure -> R.string.results_unsure
                else -> R.string.results_title
            },
        )
        answer.hits.take(SHOWN).forEachIndexed { place, hit ->
            val row = rows.row(hit, place == 0 && !answer.nothing && !unsure, hits)
            row.setOnClickListener { rows.open(hit) }
            hits.addView(row)
        }
        visible(all, answer.hits.isNotEmpty())
    }

    private fun visible(view: View, isVisible: Boolean) {
        view.visibility = if (isVisible) View.VISIBLE else View.GONE
    }

    private companion object {
        // Of the hits on the sheet, so that the picture stays in sight; the list has all.
        const val SHOWN = 3
    }
}
