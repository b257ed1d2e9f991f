package org.pocketshelf.core.screen

import org.pocketshelf.core.live.LiveView
import org.pocketshelf.core.types.Hit
import org.pocketshelf.core.types.Region
import org.pocketshelf.core.types.SearchResult
import org.pocketshelf.core.types.StoreInfo

/** What a person looks at. */
sealed class Page {
    /** The app opens its bundle and its shelf. */
    object Starting : Page()

    /** There is no shelf yet: nothing can be searched. The page offers to sync. */
    object Empty : Page()

    /** There is no use of the camera: photos can be chosen all the same. */
    object NoCamera : Page()

    /**
     * The camera's picture with boxes.
     *
     * @property view the newest; null before the first frame.
     */
    data class Live(val view: LiveView? = null) : Page()

    /** A chosen photo, or one box of the camera's, is being searched. */
    object Searching : Page()

    /**
     * Results, one group a region.
     *
     * @property regions most prominent first; each has hits.
     * @property chosen which of them is shown.
     * @property result of a photo; null where a box of the camera's was tapped.
     */
    data class Results(val regions: List<Region>, val chosen: Int = 0, val result: SearchResult? = null) : Page() {
        /** The one that is shown. */
        val region: Region get() = regions[chosen]

        /** The same with another answer for the one that is shown. */
        fun withChosen(region: Region): Results =
            copy(regions = regions.mapIndexed { place, old -> if (place == chosen) region else old })

        /** Whether there is nothing like it on this shelf. */
        val nothing: Boolean get() = region.isNothing
    }

    /**
     * One product.
     *
     * @property from the results that it was opened from.
     */
    data class Product(val hit: Hit, val from: Results) : Page()
}

/** How the shelf is kept fresh. */
enum class Syncing { IDLE, RUNNING, FAILED }

/**
 * All that the screen shows, in one value that never changes: [on] makes the next. It knows nothing of views, so that
 * every way through the app can be tested without a phone.
 *
 * @property camera whether the camera may be used; null before the person was asked.
 * @property shelf of the open store; null where there is none.
 * @property online whether there is a network, as far as the platform knows.
 * @property message one line to show once, until [Event.MessageSeen].
 */
data class Screen(
    val page: Page = Page.Starting,
    val camera: Boolean? = null,
    val shelf: StoreInfo? = null,
    val online: Boolean = true,
    val syncing: Syncing = Syncing.IDLE,
    val message: String? = null,
) {
    /** Whether to say that answers come from the shelf alone. */
    val showsOffline: Boolean get() = !online && shelf != null

    /** Whether frames are wanted from the camera: nothing else is on top of it. */
    val wantsFrames: Boolean get() = page is Page.Live

    /** The screen after [event]; the same one where the event means nothing here. */
    fun on(event: Event): Screen = when (event) {
        is Event.ShelfOpened -> opened(event.shelf)
        is Event.CameraAnswered -> copy(camera = event.granted).settled()
        is Event.FrameSeen -> if (page is Page.Live) copy(page = Page.Live(event.view)) else this
        is Event.BoxTapped -> tapped(event.number)
        is Event.PointTapped -> numberAt(event.x, event.y)?.let(::tapped) ?: this
        is Event.PhotoChosen -> if (shelf == null) copy(message = NO_SHELF) else copy(page = Page.Searching)
        is Event.Answered -> answered(event.result)
        is Event.RegionAnswered -> regionAnswered(event.region)
        is Event.RegionChosen -> chosen(event.place)
        is Event.HitChosen -> (page as? Page.Results)?.let { copy(page = Page.Product(event.hit, it)) } ?: this
        is Event.Failed -> copy(page = if (page == Page.Searching) home() else page, message = event.message)
        is Event.NetworkChanged -> copy(online = event.online)
        is Event.SyncStarted -> copy(syncing = Syncing.RUNNING)
        is Event.SyncEnded -> synced(event.error)
        is Event.MessageSeen -> copy(message = null)
        is Event.Back -> back()
    }

    /** Where "back" would leave the app. */
    val isHome: Boolean get() = page !is Page.Results && page !is Page.Product && page != Page.Searching

    /** The number of the smallest box under a point of the frame, in its pixels; null where there is none. */
    fun numberAt(x: Double, y: Double): Int? = (page as? Page.Live)?.view?.regions
        ?.filter { it.region.box.contains(x, y) }?.minByOrNull { it.region.box.area }?.number

    private fun opened(info: StoreInfo?): Screen {
        val next = copy(shelf = info)
        // Whoever looks at results goes on with them; a new shelf answers the next search.
        return if (info == null || page == Page.Starting || page == Page.Empty) next.settled() else next
    }

    private fun synced(error: String?): Screen =
        copy(syncing = if (error == null) Syncing.IDLE else Syncing.FAILED, message = error ?: message)

    private fun settled(): Screen = if (isHome || shelf == null) copy(page = home()) else this

    private fun home(): Page = when {
        shelf == null -> Page.Empty
        camera == true -> page as? Page.Live ?: Page.Live()
        camera == false -> Page.NoCamera
        else -> Page.Starting
    }

    private fun tapped(number: Int): Screen {
        val seen = (page as? Page.Live)?.view?.regions?.firstOrNull { it.number == number } ?: return this
        // Its answer may be there already; else the app asks for it and sends RegionAnswered.
        return copy(page = if (seen.region.hits == null) Page.Searching else Page.Results(listOf(seen.region)))
    }

    private fun answered(result: SearchResult): Screen {
        if (page != Page.Searching) return this
        if (result.regions.isEmpty()) return copy(page = home(), message = NOTHING_SEEN)
        return copy(page = Page.Results(result.regions, 0, result))
    }

    private fun regionAnswered(region: Region): Screen = when (page) {
        is Page.Searching -> copy(page = Page.Results(listOf(region)))
        // Another category was chosen for the region that is shown.
        is Page.Results -> copy(page = page.withChosen(region))
        else -> this
    }

    private fun chosen(place: Int): Screen =
        if (page is Page.Results && place in page.regions.indices) copy(page = page.copy(chosen = place)) else this

    private fun back(): Screen = when (page) {
        is Page.Product -> copy(page = page.from)
        is Page.Results, Page.Searching -> copy(page = home())
        else -> this
    }

    private companion object {
        const val NO_SHELF = "There is no shelf on this phone yet: sync it first."
        const val NOTHING_SEEN = "Nothing was found in this photo."
    }
}
