package org.pocketshelf.demo

import android.content.Context

private val NAMES = mapOf(
    "upper" to R.string.group_upper,
    "outerwear" to R.string.group_outerwear,
    "dress" to R.string.group_dress,
    "trousers" to R.string.group_trousers,
    "shorts" to R.string.group_shorts,
    "skirt" to R.string.group_skirt,
    "footwear" to R.string.group_footwear,
    "bag" to R.string.group_bag,
    "hat" to R.string.group_hat,
    "accessory" to R.string.group_accessory,
    "goods" to R.string.group_goods,
    "frame" to R.string.group_frame,
)

/** A detector's group in the person's language; one that a bundle adds is shown as the bundle says it. */
fun groupName(context: Context, group: String): String = NAMES[group]?.let(context::getString) ?: group
