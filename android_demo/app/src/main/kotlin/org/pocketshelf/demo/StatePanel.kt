package org.pocketshelf.demo

import android.app.Activity
import android.view.View
import android.widget.Button
import android.widget.TextView

/** The card that says why there is nothing to see, and what helps; in `layout/state.xml` of a screen. */
class StatePanel(activity: Activity) {
    private val panel = activity.find<View>(R.id.state)
    private val title = activity.find<TextView>(R.id.state_title)
    private val help = activity.find<TextView>(R.id.state_help)
    private val action = activity.find<Button>(R.id.state_action)

    /** Say [titleText] and [helpText]; with [actionText], a button for [act]. */
    fun show(titleText: Int, helpText: CharSequence?, actionText: Int? = null, act: () -> Unit = {}) {
        title.setText(titleText)
        help.text = helpText ?: ""
        help.visibility = if (helpText.isNullOrEmpty()) View.GONE else View.VISIBLE
        action.visibility = if (actionText == null) View.GONE else View.VISIBLE
        actionText?.let(action::setText)
        action.setOnClickListener { act() }
        panel.visibility = View.VISIBLE
    }

    /** There is something to see. */
    fun hide() {
        panel.visibility = View.GONE
    }
}
