package org.pocketshelf.core.text

import java.util.Locale

/** [text] for comparisons that do not care for case: Unicode's full folding, as far as upper and lower case give it. */
fun caseFolded(text: String): String {
    for (letter in text) {
        if (letter.code >= 0x80) return text.uppercase(Locale.ROOT).lowercase(Locale.ROOT).replace('ς', 'σ')
    }
    return text.lowercase(Locale.ROOT)
}
