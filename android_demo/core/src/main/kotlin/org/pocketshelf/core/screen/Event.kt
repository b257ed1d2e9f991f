package org.pocketshelf.core.screen

import org.pocketshelf.core.live.LiveView
import org.pocketshelf.core.types.Hit
import org.pocketshelf.core.types.Region
import org.pocketshelf.core.types.SearchResult
import org.pocketshelf.core.types.StoreInfo

/** What may happen to a [Screen]. */
sealed class Event {
    /** The store was opened, or there is none. */
    data class ShelfOpened(val shelf: StoreInfo?) : Event()

    /** The person let the app use the camera, or did not. */
    data class CameraAnswered(val granted: Boolean) : Event()

    /** A frame was looked at. */
    data class FrameSeen(val view: LiveView) : Event()

    /** A box was tapped, or chosen by a screen reader. */
    data class BoxTapped(val number: Int) : Event()

    /** A point of the frame was tapped, in its pixels. */
    data class PointTapped(val x: Double, val y: Double) : Event()

    /** A photo was taken or chosen, and is being searched. */
    object PhotoChosen : Event()

    /** The search of a photo is done. */
    data class Answered(val result: SearchResult) : Event()

    /** The search of one region is done: of a tapped box, or for another category. */
    data class RegionAnswered(val region: Region) : Event()

    /** Another region of the results is to be shown. */
    data class RegionChosen(val place: Int) : Event()

    /** A hit is to be shown as a page. */
    data class HitChosen(val hit: Hit) : Event()

    /** Something went wrong, in one line. */
    data class Failed(val message: String) : Event()

    /** The network came or went. */
    data class NetworkChanged(val online: Boolean) : Event()

    /** A sync began. */
    object SyncStarted : Event()

    /** A sync ended; [error] in one line, if it was in vain. */
    data class SyncEnded(val error: String? = null) : Event()

    /** The message was shown. */
    object MessageSeen : Event()

    /** The person goes back. */
    object Back : Event()
}
