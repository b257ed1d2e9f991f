package org.pocketshelf.demo.settings

import android.app.Activity
import android.os.Bundle
import android.view.View
import android.widget.Button
import android.widget.EditText
import android.widget.Switch
import android.widget.TextView
import org.pocketshelf.core.oneLine
import org.pocketshelf.core.runtime.Placement
import org.pocketshelf.core.sync.SyncReport
import org.pocketshelf.demo.PocketshelfApp
import org.pocketshelf.demo.R
import org.pocketshelf.demo.find
import org.pocketshelf.demo.parts.partsOfThisBuild
import org.pocketshelf.demo.shelf.SyncJob

/** Server, shelf, freshness, privacy, and what really runs the models. */
class SettingsActivity : Activity() {
    private val app get() = application as PocketshelfApp
    private lateinit var server: EditText
    private lateinit var sync: Button
    private lateinit var rollback: Button

    override fun onCreate(savedInstanceState: Bundle?) {
        super.onCreate(savedInstanceState)
        setContentView(R.layout.activity_settings)
        server = find(R.id.server)
        sync = find(R.id.sync)
        rollback = find(R.id.rollback)
        if (savedInstanceState == null) server.setText(app.settings.server)
        sync.setOnClickListener { syncNow() }
        rollback.setOnClickListener { goBack() }
        val asks = find<Switch>(R.id.fallback)
        asks.isChecked = app.settings.asksServer
        asks.setOnCheckedChangeListener { _, isOn ->
            app.settings.asksServer = isOn
            app.keeper.applySettings()
        }
    }

    override fun onResume() {
        super.onResume()
        app.keeper.start { if (!isDestroyed) show() }
        show()
    }

    private fun syncNow() {
        val address = ServerAddress.of(server.text.toString()) ?: run {
            server.error = getString(R.string.settings_server_bad)
            return
        }
        app.settings.server = address
        busy(true)
        say(getString(R.string.settings_syncing))
        app.keeper.sync(address) { result ->
            if (isDestroyed) return@sync
            busy(false)
            result.fold(::synced) { say(getString(R.string.sync_failed, oneLine(it))) }
            show()
        }
    }

    private fun synced(report: SyncReport) {
        SyncJob.schedule(this)
        say(
            when (report.outcome) {
                "updated" -> getString(R.string.sync_changed, report.sequence)
                "current" -> getString(R.string.sync_current)
                else -> getString(R.string.server_away)
            },
        )
    }

    private fun goBack() {
        busy(true)
        app.keeper.rollback { result ->
            if (isDestroyed) return@rollback
            busy(false)
            result.fold({ say(getString(R.string.sync_rolled, it?.sequence ?: 0)) }, { say(getString(R.string.sync_failed, oneLine(it))) })
            show()
        }
    }

    private fun busy(isBusy: Boolean) {
        sync.isEnabled = !isBusy
        rollback.isEnabled = !isBusy && app.keeper.info?.canGoBack == true
    }

    private fun say(text: String) {
        val result = find<TextView>(R.id.sync_result)
        result.text = text
        result.visibility = View.VISIBLE
    }

    private fun show() {
        val info = app.keeper.info
        find<TextView>(R.id.shelf).text = info
            ?.let { getString(R.string.settings_shelf_line, it.products, it.categories.size, it.sequence) }
            ?: getString(R.string.settings_shelf_none)
        find<TextView>(R.id.fresh).text = fresh(Freshness.of(app.settings.freshAt, System.currentTimeMillis()))
        rollback.isEnabled = info?.canGoBack == true
        find<TextView>(R.id.models).text = models()
        find<TextView>(R.id.search).setText(
            if (partsOfThisBuild.graphs == null) R.string.settings_search_exact else R.string.settings_search_graph,
        )
    }

    private fun fresh(freshness: Freshness): String = when (freshness) {
        Freshness.Never -> getString(R.string.settings_fresh_never)
        Freshness.Now -> getString(R.string.settings_fresh_now)
        is Freshness.Minutes -> getString(R.string.settings_fresh_minutes, freshness.count)
        is Freshness.Hours -> getString(R.string.settings_fresh_hours, freshness.count)
        is Freshness.Days -> getString(R.string.settings_fresh_days, freshness.count)
    }

    /** Which bundle, and for each network the runtime, the accelerator that it got, and how many nodes that took. */
    private fun models(): String {
        val keeper = app.keeper
        val loaded = keeper.models
        val lines = ArrayList<String>()
        keeper.bundle?.let { lines += getString(R.string.settings_bundle, it.name, it.space) }
        if (loaded == null) {
            lines += keeper.trouble ?: getString(R.string.no_runtime)
        } else {
            lines += getString(R.string.settings_detector, loaded.detector?.let(::runs) ?: getString(R.string.settings_runs_no))
            lines += getString(R.string.settings_embedder, runs(loaded.embedder))
        }
        return lines.joinToString("\n")
    }

    private fun runs(placement: Placement): String {
        val nodes = placement.nodes
        val of = placement.of
        val line = if (nodes != null && of != null) {
            getString(R.string.settings_runs, placement.runtime, placement.got.word, nodes, of)
        } else {
            getString(R.string.settings_runs_untold, placement.runtime, placement.got.word)
        }
        val why = placement.why
        return if (placement.got == placement.asked || why == null) line
        else line + "\n" + getString(R.string.settings_runs_fell, placement.asked.word, why)
    }
}
