package org.pocketshelf.demo.settings

import android.content.Context
import android.content.SharedPreferences

/** What a person chose, kept in the app's own storage. */
class Settings(context: Context) {
    private val kept: SharedPreferences = context.getSharedPreferences("settings", Context.MODE_PRIVATE)

    /** The server's address, checked; empty for none. */
    var server: String
        get() = kept.getString("server", "") ?: ""
        set(value) = kept.edit().putString("server", value).apply()

    /** Whether the server may be asked, with a vector, when the phone is unsure; off until a person turns it on. */
    var asksServer: Boolean
        get() = kept.getBoolean("asks-server", false)
        set(value) = kept.edit().putBoolean("asks-server", value).apply()

    /** When the shelf was last found to be the newest or became it, in milliseconds since 1970; 0 for never. */
    var freshAt: Long
        get() = kept.getLong("fresh-at", 0)
        set(value) = kept.edit().putLong("fresh-at", value).apply()
}
