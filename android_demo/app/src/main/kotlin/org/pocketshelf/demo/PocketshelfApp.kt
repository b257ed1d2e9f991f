package org.pocketshelf.demo

import android.app.Application
import org.pocketshelf.demo.parts.partsOfThisBuild
import org.pocketshelf.demo.results.Answer
import org.pocketshelf.demo.settings.Settings
import org.pocketshelf.demo.shelf.ShelfKeeper

/** What the screens share: the settings, the shelf, and the answer that is looked at. */
class PocketshelfApp : Application() {
    /** What a person chose. */
    lateinit var settings: Settings
        private set

    /** The shelf and its models. */
    lateinit var keeper: ShelfKeeper
        private set

    /** What the results show; in memory alone. */
    var answer: Answer? = null

    override fun onCreate() {
        super.onCreate()
        settings = Settings(this)
        keeper = ShelfKeeper(this, partsOfThisBuild, settings)
    }
}
