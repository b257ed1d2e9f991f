package org.pocketshelf.demo

import android.app.Activity
import android.view.View

/** The view [id] of the screen; its layout has it. Before Android 8's API `findViewById` was not generic. */
@Suppress("UNCHECKED_CAST")
fun <T : View> Activity.find(id: Int): T = findViewById(id) as T

/** The view [id] below this one. */
@Suppress("UNCHECKED_CAST")
fun <T : View> View.find(id: Int): T = findViewById(id) as T
