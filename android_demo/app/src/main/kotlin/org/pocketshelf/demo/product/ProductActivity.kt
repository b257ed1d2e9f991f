package org.pocketshelf.demo.product

import android.app.Activity
import android.content.ActivityNotFoundException
import android.content.Intent
import android.graphics.Bitmap
import android.net.Uri
import android.os.Bundle
import android.view.LayoutInflater
import android.view.View
import android.widget.Button
import android.widget.ImageView
import android.widget.LinearLayout
import android.widget.TextView
import org.pocketshelf.core.types.Hit
import org.pocketshelf.core.types.Source
import org.pocketshelf.demo.PocketshelfApp
import org.pocketshelf.demo.R
import org.pocketshelf.demo.find
import org.pocketshelf.demo.StatePanel

/**
 * One product, as its shelf or the server's hit tells it. A picture is fetched of what the server found alone, and it was
 * fetched for the list: who looks at what stays on the phone.
 */
class ProductActivity : Activity() {
    private val app get() = application as PocketshelfApp

    override fun onCreate(savedInstanceState: Bundle?) {
        super.onCreate(savedInstanceState)
        setContentView(R.layout.activity_product)
        val number = intent.getStringExtra(PRODUCT) ?: return finish()
        val known = app.answer?.hits?.firstOrNull { it.productId == number }
        app.keeper.product(number) { found ->
            if (!isDestroyed) show(number, found.getOrNull() ?: known)
        }
        if (known?.source == Source.SERVER) app.keeper.picture(number) { if (!isDestroyed && it != null) showPicture(it) }
    }

    private fun showPicture(found: Bitmap) {
        val picture = find<ImageView>(R.id.picture)
        picture.setImageBitmap(found)
        picture.visibility = View.VISIBLE
    }

    private fun show(number: String, product: Hit?) {
        val title = find<TextView>(R.id.bar_title)
        if (product == null) {
            title.text = number
            return StatePanel(this).show(R.string.product_gone, null)
        }
        title.text = product.title.ifEmpty { product.productId }
        fact(getString(R.string.product_category), product.category)
        fact(getString(R.string.product_number), product.productId)
        for ((name, value) in Facts.of(product.attributes)) fact(name, value)
        val link = Facts.link(product.attributes) ?: return
        val open = find<Button>(R.id.open)
        open.visibility = View.VISIBLE
        open.setOnClickListener { visit(link) }
    }

    private fun fact(name: String, value: String) {
        if (value.isEmpty()) return
        val into = find<LinearLayout>(R.id.facts)
        val row = LayoutInflater.from(this).inflate(R.layout.row_fact, into, false)
        row.find<TextView>(R.id.fact_name).text = name
        row.find<TextView>(R.id.fact_value).text = value
        into.addView(row)
    }

    private fun visit(link: String) {
        try {
            startActivity(Intent(Intent.ACTION_VIEW, Uri.parse(link)))
        } catch (_: ActivityNotFoundException) {
            StatePanel(this).show(R.string.failed, link)
        }
    }

    companion object {
        /** The intent's extra: the product's id. */
        const val PRODUCT = "product"
    }
}
