package org.pocketshelf.demo

import org.w3c.dom.Element
import org.w3c.dom.Node
import java.io.File
import javax.xml.parsers.DocumentBuilderFactory
import kotlin.math.pow
import kotlin.test.Test
import kotlin.test.assertEquals
import kotlin.test.assertTrue

/** What the compiler does not say about resources: languages, large type, TalkBack, dark mode, contrast. */
class ResourcesTest {
    private val root = File(System.getenv("POCKETSHELF_ANDROID"), "app/src/main")
    private val res = File(root, "res")

    private fun parse(file: File): Element = DocumentBuilderFactory.newInstance().newDocumentBuilder().parse(file).documentElement

    private fun elements(from: Node): List<Element> = List(from.childNodes.length) { from.childNodes.item(it) }
        .filterIsInstance<Element>().flatMap { listOf(it) + elements(it) }

    private fun strings(folder: String): Map<String, Element> =
        elements(parse(File(res, "$folder/strings.xml"))).associateBy { it.getAttribute("name") }

    private fun placeholders(text: String) = Regex("""%(\d+\$[sd]|%)""").findAll(text).map { it.value }.sorted().toList()

    private val english = strings("values")
    private val layouts = File(res, "layout").listFiles()!!.sortedBy { it.name }.associate { it.name to (listOf(parse(it)) + elements(parse(it))) }

    @Test
    fun everyTextIsThereInEveryLanguage() {
        val translated = english.filterValues { it.getAttribute("translatable") != "false" }.keys
        for (folder in listOf("values-de", "values-zh")) {
            assertEquals(emptySet(), translated - strings(folder).keys, "$folder misses")
            assertEquals(emptySet(), strings(folder).keys - english.keys, "$folder has besides")
        }
    }

    @Test
    fun placeholdersAreTheSameInEveryLanguage() {
        for (folder in listOf("values-de", "values-zh")) for ((name, text) in strings(folder)) {
            val wanted = placeholders(english.getValue(name).textContent).toSet() - "%%"
            assertEquals(wanted, placeholders(text.textContent).toSet() - "%%", "$folder, $name")
        }
    }

    @Test
    fun everyTextIsUsed() {
        val sources = (File(root, "kotlin").walk() + File(res, "layout").walk() + sequenceOf(File(root, "AndroidManifest.xml")))
            .filter { it.isFile }.joinToString("\n") { it.readText() }
        assertEquals(emptyList(), english.keys.filter { !Regex("""(R\.string\.|@string/)$it\b""").containsMatchIn(sources) })
    }

    @Test
    fun layoutsSayNothingByThemselves() {
        for ((file, views) in layouts) for (view in views) for (name in listOf("text", "hint", "contentDescription")) {
            val value = view.getAttribute("android:$name")
            assertTrue(value.isEmpty() || value.startsWith("@string/"), "$file: ${view.tagName} $name=\"$value\"")
        }
    }

    @Test
    fun picturesAndButtonsHaveALabelForTalkBack() {
        for ((file, views) in layouts) for (view in views.filter { it.tagName in setOf("ImageView", "ImageButton", "HorizontalScrollView") }) {
            assertTrue(view.getAttribute("android:contentDescription").isNotEmpty(), "$file: ${view.tagName} has no contentDescription")
        }
    }

    @Test
    fun typeGrowsWithTheSystem() {
        val sizes = layouts.values.flatten().map { it.getAttribute("android:textSize") } +
            elements(parse(File(res, "values/styles.xml"))).filter { it.getAttribute("name") == "android:textSize" }.map { it.textContent }
        assertTrue(sizes.any { it.isNotEmpty() })
        for (size in sizes.filter { it.isNotEmpty() }) assertTrue(size.endsWith("sp"), size)
    }

    @Test
    fun nothingThatHoldsTextHasAFixedHeight() {
        for ((file, views) in layouts) for (view in views.filter { it.tagName in setOf("TextView", "Button", "Switch", "EditText") }) {
            val height = view.getAttribute("android:layout_height")
            assertTrue(!height.endsWith("dp"), "$file: ${view.tagName} is $height high")
        }
    }

    @Test
    fun whatIsTappedIsLargeEnough() {
        val button = elements(parse(File(res, "values/styles.xml"))).first { it.getAttribute("name") == "Button" }
        val items = elements(button).associate { it.getAttribute("name") to it.textContent }
        assertEquals("48dp", items["android:minHeight"])
        assertEquals("48dp", items["android:minWidth"])
        for ((file, views) in layouts) for (view in views.filter { it.tagName in setOf("ImageButton", "Switch", "EditText") }) {
            val high = view.getAttribute(if (view.tagName == "ImageButton") "android:layout_height" else "android:minHeight")
            assertTrue(high.removeSuffix("dp").toInt() >= 48, "$file: ${view.tagName} is $high high")
        }
    }

    @Test
    fun whatLayoutsAndManifestNameIsThere() {
        val manifest = parse(File(root, "AndroidManifest.xml"))
        val named = (listOf(manifest) + elements(manifest)).map { it.getAttribute("android:name") }.filter { it.startsWith(".") }.map { "org.pocketshelf.demo$it" }
        val views = layouts.values.flatten().map { it.tagName }.filter { '.' in it }
        assertTrue(named.size >= 6 && views.isNotEmpty())
        for (name in named + views) Class.forName(name, false, javaClass.classLoader)
    }

    private fun colours(folder: String): Map<String, String> =
        elements(parse(File(res, "$folder/colors.xml"))).associate { it.getAttribute("name") to it.textContent }

    /** WCAG 2.2, "contrast (minimum)". */
    private fun contrast(a: String, b: String): Double {
        fun light(colour: String): Double {
            val channels = colour.removePrefix("#").takeLast(6).chunked(2).map { it.toInt(16) / 255.0 }
                .map { if (it <= 0.04045) it / 12.92 else ((it + 0.055) / 1.055).pow(2.4) }
            return 0.2126 * channels[0] + 0.7152 * channels[1] + 0.0722 * channels[2]
        }
        val (dark, bright) = listOf(light(a), light(b)).sorted()
        return (bright + 0.05) / (dark + 0.05)
    }

    @Test
    fun textsCanBeReadByDayAndByNight() {
        val day = colours("values")
        for ((mode, colours) in mapOf("day" to day, "night" to day + colours("values-night"))) {
            for ((text, ground) in listOf(
                "ink" to "ground", "ink" to "paper", "soft" to "ground", "soft" to "paper", "accent" to "ground", "accent" to "paper",
                "accent_ink" to "accent", "accent" to "accent_ground", "fair" to "fair_ground", "bad" to "paper", "on_glass" to "glass", "beam_ink" to "beam",
            )) {
                val found = contrast(colours.getValue(text), colours.getValue(ground))
                assertTrue(found >= 4.5, "$mode: $text on $ground has a contrast of ${"%.2f".format(found)}")
            }
        }
    }

    @Test
    fun theDarkModeChangesEveryColourButTheCameras() {
        val fixed = setOf("beam", "beam_ink", "glass", "on_glass", "camera")
        assertEquals(colours("values").keys - fixed, colours("values-night").keys)
    }

    @Test
    fun onlyTheFirstScreenIsOpenToOtherApps() {
        val manifest = parse(File(root, "AndroidManifest.xml"))
        val open = elements(manifest).filter { it.getAttribute("android:exported") == "true" }.map { it.getAttribute("android:name") }
        assertEquals(listOf(".camera.CameraActivity"), open)
        val closed = elements(manifest).filter { it.tagName in setOf("activity", "service", "provider", "receiver") && !it.hasAttribute("android:exported") }
        assertEquals(emptyList(), closed.map { it.getAttribute("android:name") })
    }
}
