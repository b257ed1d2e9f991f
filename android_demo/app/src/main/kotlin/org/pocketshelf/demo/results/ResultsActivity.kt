package org.pocketshelf.demo.results

import android.app.Activity
import android.os.Bundle
import android.view.View
import android.view.ViewGroup
import android.widget.Button
import android.widget.LinearLayout
import android.widget.ListView
import android.widget.TextView
import org.pocketshelf.core.types.FallbackState
import org.pocketshelf.core.types.Hit
import org.pocketshelf.demo.PocketshelfApp
import org.pocketshelf.demo.R
import org.pocketshelf.demo.find
import org.pocketshelf.demo.StatePanel
import org.pocketshelf.demo.groupName

/** All hits of one box, and chips that search another category with the same vector. */
class ResultsActivity : Activity() {
    private lateinit var state: StatePanel
    private lateinit var adapter: HitAdapter
    private val app get() = application as PocketshelfApp
    private var chosen: String? = null

    override fun onCreate(savedInstanceState: Bundle?) {
        super.onCreate(savedInstanceState)
        setContentView(R.layout.activity_results)
        val answer = app.answer ?: return finish() // The process was ended meanwhile, and with it the answer.
        state = StatePanel(this)
        val rows = HitRows(this)
        adapter = HitAdapter(rows)
        val list = find<ListView>(R.id.hits)
        list.adapter = adapter
        list.setOnItemClickListener { _, _, place, _ -> rows.open(adapter.hits[place]) }
        find<TextView>(R.id.bar_title).text = groupName(this, answer.region.group)
        notice(answer)
        chosen = savedInstanceState?.getString(CHOSEN)
        choose(answer, chosen)
    }

    override fun onSaveInstanceState(outState: Bundle) {
        super.onSaveInstanceState(outState)
        outState.putString(CHOSEN, chosen)
    }

    private fun notice(answer: Answer) {
        val notice = find<TextView>(R.id.bar_notice)
        val texts = listOfNotNull(
            getString(R.string.server_away).takeIf { answer.fallback == FallbackState.UNAVAILABLE },
            getString(R.string.results_unsure).takeIf { answer.region.confident == false },
            getString(R.string.took, Math.round(answer.tookMs).toInt()).takeIf { answer.fallback != FallbackState.ASKED },
        )
        notice.text = texts.joinToString("\n")
        notice.visibility = if (texts.isEmpty()) View.GONE else View.VISIBLE
    }

    /** Show the hits of [category], of everything that routing looked at for null. */
    private fun choose(answer: Answer, category: String?) {
        chosen = category
        showChips(answer)
        if (category == null) return show(answer.hits, filtered = false)
        app.keeper.searchCategory(answer, category) { found ->
            if (!isDestroyed && chosen == category) {
                found.fold({ show(it.hits.orEmpty(), filtered = true) }, { failed(it) })
            }
        }
    }

    private fun show(hits: List<Hit>, filtered: Boolean) {
        adapter.hits = hits
        when {
            hits.isNotEmpty() -> state.hide()
            filtered -> state.show(R.string.nothing_filtered_title, getString(R.string.nothing_filtered_help))
            else -> state.show(R.string.nothing_title, getString(R.string.nothing_help))
        }
    }

    private fun failed(error: Throwable) {
        adapter.hits = emptyList()
        state.show(R.string.failed, error.message)
    }

    private fun showChips(answer: Answer) {
        val row = find<LinearLayout>(R.id.chips)
        val counts = app.keeper.info?.categories.orEmpty()
        row.removeAllViews()
        row.addView(chip(getString(R.string.category_all), getString(R.string.category_all), chosen == null) { choose(answer, null) })
        for (name in chips(answer, counts)) {
            val said = getString(R.string.category_chip, name, counts.getValue(name))
            row.addView(chip(name, said, chosen == name) { choose(answer, name) })
        }
    }

    private fun chip(text: String, said: String, isChosen: Boolean, act: () -> Unit): View {
        val chip = Button(this, null, 0, R.style.Button_Plain)
        chip.text = text
        chip.isSelected = isChosen
        chip.contentDescription = if (isChosen) getString(R.string.category_chosen, said) else said
        chip.setBackgroundResource(if (isChosen) R.drawable.chip_chosen else R.drawable.chip)
        chip.setOnClickListener { act() }
        val place = LinearLayout.LayoutParams(ViewGroup.LayoutParams.WRAP_CONTENT, ViewGroup.LayoutParams.WRAP_CONTENT)
        place.marginEnd = (8 * resources.displayMetrics.density).toInt()
        chip.layoutParams = place
        return chip
    }

    private companion object {
        const val CHOSEN = "category"
    }
}
