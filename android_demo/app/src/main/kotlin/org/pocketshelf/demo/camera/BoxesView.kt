package org.pocketshelf.demo.camera

import android.content.Context
import android.graphics.Canvas
import android.graphics.Paint
import android.graphics.Rect
import android.graphics.RectF
import android.os.Bundle
import android.util.AttributeSet
import android.view.MotionEvent
import android.view.View
import android.view.accessibility.AccessibilityEvent
import android.view.accessibility.AccessibilityNodeInfo
import android.view.accessibility.AccessibilityNodeProvider
import org.pocketshelf.core.types.Box
import org.pocketshelf.demo.R

/**
 * The boxes over the picture: drawn, tapped, and for TalkBack a button each.
 *
 * In the main thread.
 */
class BoxesView @JvmOverloads constructor(context: Context, attributes: AttributeSet? = null) : View(context, attributes) {
    /**
     * One box.
     *
     * @property number the same as long as a thing is followed.
     * @property box in pixels of the photo.
     * @property name short, drawn above the box.
     * @property label said by TalkBack.
     */
    data class Item(val number: Int, val box: Box, val name: String, val label: String)

    /** Told the number of the box that was tapped. */
    var onTap: (Int) -> Unit = {}

    private var items = emptyList<Item>()
    private var photo = Pair(0, 0)
    private var fills = true
    private var chosen: Int? = null
    private val density = resources.displayMetrics.density
    private val frame = Paint(Paint.ANTI_ALIAS_FLAG).apply {
        style = Paint.Style.STROKE
        strokeWidth = 3 * density
        color = context.getColor(R.color.beam)
    }
    private val rim = Paint(Paint.ANTI_ALIAS_FLAG).apply {
        style = Paint.Style.STROKE
        strokeWidth = 5 * density
        color = context.getColor(R.color.glass)
    }
    private val plate = Paint().apply { color = context.getColor(R.color.glass) }
    private val chosenPlate = Paint().apply { color = context.getColor(R.color.beam) }
    private val text = Paint(Paint.ANTI_ALIAS_FLAG).apply {
        textSize = 14 * resources.displayMetrics.scaledDensity
        color = context.getColor(R.color.on_glass)
    }
    private val chosenText = Paint(text).apply { color = context.getColor(R.color.beam_ink) }
    private val provider = Boxes()

    init {
        importantForAccessibility = IMPORTANT_FOR_ACCESSIBILITY_YES
    }

    /**
     * Show [items] over a photo of [width] by [height], which [fill]s the view or is seen whole.
     *
     * @param chosen number of the one whose hits are shown.
     */
    fun show(items: List<Item>, width: Int, height: Int, fill: Boolean, chosen: Int?) {
        val numbers = this.items.map { it.number }
        this.items = if (width > 0 && height > 0) items else emptyList()
        photo = Pair(width, height)
        fills = fill
        this.chosen = chosen
        invalidate()
        // TalkBack reads its tree anew when boxes come and go, not when they tremble.
        if (numbers != this.items.map { it.number }) sendAccessibilityEvent(AccessibilityEvent.TYPE_WINDOW_CONTENT_CHANGED)
    }

    private fun placing(): Placing? =
        if (items.isEmpty() || width == 0 || height == 0) null else Placing(photo.first, photo.second, width, height, fills)

    override fun onDraw(canvas: Canvas) {
        val placing = placing() ?: return
        for (item in items) {
            val box = placing.inView(item.box)
            val corners = 8 * density
            val place = RectF(box.x.toFloat(), box.y.toFloat(), box.right.toFloat(), box.bottom.toFloat())
            canvas.drawRoundRect(place, corners, corners, rim)
            canvas.drawRoundRect(place, corners, corners, frame)
            name(canvas, item, place)
        }
    }

    private fun name(canvas: Canvas, item: Item, place: RectF) {
        val isChosen = item.number == chosen
        val paint = if (isChosen) chosenText else text
        val pad = 6 * density
        val high = paint.textSize + 2 * pad
        val top = maxOf(place.top - high, 0f)
        canvas.drawRect(place.left, top, place.left + paint.measureText(item.name) + 2 * pad, top + high, if (isChosen) chosenPlate else plate)
        canvas.drawText(item.name, place.left + pad, top + high - pad - paint.descent() / 2, paint)
    }

    override fun onTouchEvent(event: MotionEvent): Boolean {
        val placing = placing() ?: return super.onTouchEvent(event)
        return when (event.actionMasked) {
            MotionEvent.ACTION_DOWN -> true
            MotionEvent.ACTION_UP -> {
                val place = placing.tapped(items.map { it.box }, event.x, event.y, 24.0 * density)
                if (place >= 0) {
                    performClick()
                    onTap(items[place].number)
                }
                true
            }
            else -> super.onTouchEvent(event)
        }
    }

    override fun performClick(): Boolean {
        super.performClick()
        return true
    }

    override fun getAccessibilityNodeProvider(): AccessibilityNodeProvider = provider

    /** The view is a host of virtual buttons: one a box, with its number. */
    private inner class Boxes : AccessibilityNodeProvider() {
        override fun createAccessibilityNodeInfo(virtualViewId: Int): AccessibilityNodeInfo? {
            if (virtualViewId == HOST_VIEW_ID) {
                val host = AccessibilityNodeInfo.obtain(this@BoxesView)
                onInitializeAccessibilityNodeInfo(host)
                for (item in items) host.addChild(this@BoxesView, item.number)
                return host
            }
            val item = items.firstOrNull { it.number == virtualViewId } ?: return null
            val box = placing()?.inView(item.box) ?: return null
            val node = AccessibilityNodeInfo.obtain(this@BoxesView, item.number)
            node.packageName = context.packageName
            node.className = "android.widget.Button"
            node.contentDescription = item.label
            node.isEnabled = true
            node.isFocusable = true
            node.isClickable = true
            node.isSelected = item.number == chosen
            node.isVisibleToUser = isShown
            node.setParent(this@BoxesView)
            val place = Rect(box.x.toInt(), box.y.toInt(), box.right.toInt(), box.bottom.toInt())
            val corner = IntArray(2)
            getLocationOnScreen(corner)
            place.offset(corner[0], corner[1])
            node.setBoundsInScreen(place)
            node.addAction(AccessibilityNodeInfo.AccessibilityAction.ACTION_CLICK)
            return node
        }

        override fun performAction(virtualViewId: Int, action: Int, arguments: Bundle?): Boolean {
            if (virtualViewId == HOST_VIEW_ID) return performAccessibilityAction(action, arguments)
            if (action != AccessibilityNodeInfo.ACTION_CLICK || items.none { it.number == virtualViewId }) return false
            onTap(virtualViewId)
            return true
        }
    }
}
