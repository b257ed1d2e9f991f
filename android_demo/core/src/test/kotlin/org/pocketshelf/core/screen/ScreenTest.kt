package org.pocketshelf.core.screen

import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertNull
import org.junit.jupiter.api.Assertions.assertSame
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.pocketshelf.core.live.LiveRegion
import org.pocketshelf.core.live.LiveView
import org.pocketshelf.core.types.Box
import org.pocketshelf.core.types.Hit
import org.pocketshelf.core.types.Region
import org.pocketshelf.core.types.SearchResult
import org.pocketshelf.core.types.StoreInfo
import org.pocketshelf.core.types.Timings

class ScreenTest {
    private val info = StoreInfo(7, "space", "bundle")
    private val hit = Hit("17", 0.8, "Milk", "Dairy")
    private val small = Region(Box(20.0, 20.0, 30.0, 30.0), "goods", 0.9, hits = listOf(hit), confident = true)
    private val large = Region(Box(0.0, 0.0, 100.0, 100.0), "upper", 0.8)
    private val view = LiveView(3, 640, 480, listOf(LiveRegion(1, large, null), LiveRegion(2, small, 0.5)), 0)
    private val live = Screen().on(Event.ShelfOpened(info)).on(Event.CameraAnswered(true))
    private val seen = live.on(Event.FrameSeen(view))
    private val result = SearchResult("photo", 640, 480, listOf(small, large.copy(hits = emptyList())), Timings())

    @Test
    fun `it starts, and waits for shelf and camera`() {
        assertEquals(Page.Starting, Screen().page)
        assertEquals(Page.Starting, Screen().on(Event.ShelfOpened(info)).page)
        assertEquals(Page.Live(), live.page)
    }

    @Test
    fun `the order of shelf and camera does not matter`() {
        assertEquals(live, Screen().on(Event.CameraAnswered(true)).on(Event.ShelfOpened(info)))
    }

    @Test
    fun `without a shelf it says so, whatever the camera`() {
        for (granted in listOf(true, false)) {
            val screen = Screen().on(Event.CameraAnswered(granted)).on(Event.ShelfOpened(null))
            assertEquals(Page.Empty, screen.page)
            assertFalse(screen.wantsFrames)
        }
    }

    @Test
    fun `a first sync leads from the empty page to the camera`() {
        val empty = Screen().on(Event.CameraAnswered(true)).on(Event.ShelfOpened(null))
        val running = empty.on(Event.SyncStarted)
        assertEquals(Syncing.RUNNING, running.syncing)
        val done = running.on(Event.SyncEnded()).on(Event.ShelfOpened(info))
        assertEquals(Page.Live(), done.page)
        assertEquals(Syncing.IDLE, done.syncing)
    }

    @Test
    fun `a sync in vain says why, and the shelf stays`() {
        val failed = seen.on(Event.SyncStarted).on(Event.SyncEnded("the server is away"))
        assertEquals(Syncing.FAILED, failed.syncing)
        assertEquals("the server is away", failed.message)
        assertEquals(info, failed.shelf)
        assertNull(failed.on(Event.MessageSeen).message)
    }

    @Test
    fun `a refused camera leaves photos`() {
        val refused = Screen().on(Event.ShelfOpened(info)).on(Event.CameraAnswered(false))
        assertEquals(Page.NoCamera, refused.page)
        assertEquals(Page.Searching, refused.on(Event.PhotoChosen).page)
    }

    @Test
    fun `frames are wanted on the camera's page alone`() {
        assertTrue(seen.wantsFrames)
        val results = seen.on(Event.BoxTapped(2))
        assertFalse(results.wantsFrames)
        assertSame(results, results.on(Event.FrameSeen(view)))
    }

    @Test
    fun `a tapped box that was answered opens its hits`() {
        val page = seen.on(Event.BoxTapped(2)).page as Page.Results
        assertEquals(listOf(hit), page.region.hits)
        assertFalse(page.nothing)
    }

    @Test
    fun `a tapped box that was not answered yet is searched`() {
        val searching = seen.on(Event.BoxTapped(1))
        assertEquals(Page.Searching, searching.page)
        val page = searching.on(Event.RegionAnswered(large.copy(hits = listOf(hit)))).page as Page.Results
        assertEquals(listOf(hit), page.region.hits)
    }

    @Test
    fun `a box that is gone is not tapped`() = assertSame(seen, seen.on(Event.BoxTapped(9)))

    @Test
    fun `a point opens the smallest box around it`() {
        assertEquals(2, seen.numberAt(30.0, 30.0))
        assertEquals(1, seen.numberAt(80.0, 80.0))
        assertNull(seen.numberAt(300.0, 300.0))
        assertEquals(seen.on(Event.BoxTapped(2)), seen.on(Event.PointTapped(30.0, 30.0)))
        assertSame(seen, seen.on(Event.PointTapped(300.0, 300.0)))
    }

    @Test
    fun `a photo's regions are shown one by one`() {
        val screen = seen.on(Event.PhotoChosen).on(Event.Answered(result))
        assertEquals(0, (screen.page as Page.Results).chosen)
        val second = screen.on(Event.RegionChosen(1)).page as Page.Results
        assertTrue(second.nothing)
        assertSame(screen, screen.on(Event.RegionChosen(2)))
    }

    @Test
    fun `another category replaces the shown region alone`() {
        val screen = seen.on(Event.PhotoChosen).on(Event.Answered(result)).on(Event.RegionChosen(1))
        val page = screen.on(Event.RegionAnswered(large.copy(hits = listOf(hit)))).page as Page.Results
        assertEquals(listOf(small.hits, listOf(hit)), page.regions.map { it.hits })
        assertEquals(1, page.chosen)
    }

    @Test
    fun `an answer that comes after going back is not shown`() {
        val back = seen.on(Event.PhotoChosen).on(Event.Back)
        assertEquals(Page.Live(), back.page)
        assertSame(back, back.on(Event.Answered(result)))
        assertSame(back, back.on(Event.RegionAnswered(small)))
    }

    @Test
    fun `back leads from product to results to camera`() {
        val results = seen.on(Event.PhotoChosen).on(Event.Answered(result))
        val product = results.on(Event.HitChosen(hit))
        assertEquals(hit, (product.page as Page.Product).hit)
        assertEquals(results, product.on(Event.Back))
        val home = results.on(Event.Back)
        assertEquals(Page.Live(), home.page)
        assertTrue(home.isHome)
        assertSame(home, home.on(Event.Back))
    }

    @Test
    fun `hits that nobody trusts are nothing like this here`() {
        val page = Page.Results(listOf(small.copy(confident = false)))
        assertTrue(page.nothing)
        assertFalse(Page.Results(listOf(small.copy(confident = false, absent = false))).nothing, "it may be one of them")
        assertTrue(Page.Results(listOf(small.copy(confident = false, absent = true))).nothing)
        assertTrue(Page.Results(listOf(small.copy(hits = emptyList()))).nothing)
        assertFalse(Page.Results(listOf(small.copy(confident = null))).nothing)
    }

    @Test
    fun `a failed search says why and goes home`() {
        val failed = seen.on(Event.PhotoChosen).on(Event.Failed("the photo cannot be read"))
        assertEquals(Page.Live(), failed.page)
        assertEquals("the photo cannot be read", failed.message)
    }

    @Test
    fun `a failure elsewhere leaves the page`() {
        assertEquals(seen.page, seen.on(Event.Failed("x")).page)
    }

    @Test
    fun `a photo without a shelf is not searched`() {
        val screen = Screen().on(Event.ShelfOpened(null)).on(Event.PhotoChosen)
        assertEquals(Page.Empty, screen.page)
        assertTrue(screen.message!!.contains("sync"))
    }

    @Test
    fun `offline is said where there is a shelf to search`() {
        assertTrue(seen.on(Event.NetworkChanged(false)).showsOffline)
        assertFalse(Screen().on(Event.NetworkChanged(false)).showsOffline)
        assertFalse(seen.on(Event.NetworkChanged(false)).on(Event.NetworkChanged(true)).showsOffline)
    }

    @Test
    fun `a new shelf does not take results away`() {
        val results = seen.on(Event.BoxTapped(2))
        val fresh = results.on(Event.ShelfOpened(StoreInfo(8, "space", "bundle")))
        assertEquals(results.page, fresh.page)
        assertEquals(8, fresh.shelf!!.sequence)
    }

    @Test
    fun `a photo in which nothing is says so`() {
        val screen = seen.on(Event.PhotoChosen).on(Event.Answered(result.copy(regions = emptyList())))
        assertEquals(Page.Live(), screen.page)
        assertTrue(screen.message!!.contains("Nothing"))
    }

    @Test
    fun `a camera that is taken away later leads to the page that says so`() {
        assertEquals(Page.NoCamera, seen.on(Event.CameraAnswered(false)).page)
    }
}
