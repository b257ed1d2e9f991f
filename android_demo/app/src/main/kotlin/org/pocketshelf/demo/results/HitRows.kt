package org.pocketshelf.demo.results

import android.content.Context
import android.content.Intent
import android.view.LayoutInflater
import android.view.View
import android.view.ViewGroup
import android.widget.BaseAdapter
import android.widget.ImageView
import android.widget.TextView
import org.pocketshelf.core.types.Hit
import org.pocketshelf.core.types.Source
import org.pocketshelf.demo.PocketshelfApp
import org.pocketshelf.demo.R
import org.pocketshelf.demo.find
import org.pocketshelf.demo.product.ProductActivity

/** Rows of hits, on the camera's sheet and in the list: one look, one sentence for TalkBack. */
class HitRows(private val context: Context) {
    /** A row for [hit], in [reused] where that is one. */
    fun row(hit: Hit, best: Boolean, parent: ViewGroup, reused: View? = null): View {
        val row = reused ?: LayoutInflater.from(context).inflate(R.layout.row_hit, parent, false)
        val percent = percentAlike(hit.score)
        val source = context.getString(if (hit.source == Source.SERVER) R.string.result_server else R.string.result_local)
        val title = hit.title.ifEmpty { hit.productId }
        row.find<TextView>(R.id.hit_badge).visibility = if (best) View.VISIBLE else View.GONE
        row.find<TextView>(R.id.hit_title).text = title
        row.find<TextView>(R.id.hit_about).text =
            listOf(hit.category, context.getString(R.string.result_alike, percent), source).joinToString(" · ")
        val said = context.getString(R.string.result_label, title, hit.category, percent, source)
        showPicture(hit, row.find(R.id.hit_picture))
        row.contentDescription = if (best) context.getString(R.string.results_best) + ". " + said else said
        return row
    }

    /** Of what the server found alone: to fetch another's would tell what is looked at. */
    private fun showPicture(hit: Hit, picture: ImageView) {
        picture.setImageBitmap(null)
        picture.visibility = View.GONE
        // A row is used again while a picture is under way.
        picture.tag = hit
        if (hit.source != Source.SERVER) return
        (context.applicationContext as PocketshelfApp).keeper.picture(hit.productId) { found ->
            if (found != null && picture.tag === hit) {
                picture.setImageBitmap(found)
                picture.visibility = View.VISIBLE
            }
        }
    }

    /** Opens the page of [hit]'s product. */
    fun open(hit: Hit) {
        context.startActivity(Intent(context, ProductActivity::class.java).putExtra(ProductActivity.PRODUCT, hit.productId))
    }
}

/** The list of all hits. */
class HitAdapter(private val rows: HitRows) : BaseAdapter() {
    /** What is listed, best first. */
    var hits: List<Hit> = emptyList()
        set(value) {
            field = value
            notifyDataSetChanged()
        }

    override fun getCount() = hits.size

    override fun getItem(position: Int) = hits[position]

    override fun getItemId(position: Int) = position.toLong()

    override fun getView(position: Int, convertView: View?, parent: ViewGroup) =
        rows.row(hits[position], position == 0, parent, convertView)
}
