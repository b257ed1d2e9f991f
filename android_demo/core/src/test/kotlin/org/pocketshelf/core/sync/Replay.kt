package org.pocketshelf.core.sync

import java.io.File
import kotlin.test.assertTrue
import org.pocketshelf.core.Contract

/** Replay every case of the recorded test [name], each in a folder of its own. */
internal fun replay(name: String) {
    @Suppress("UNCHECKED_CAST")
    val cases = Contract.json("sync/$name.json")["cases"] as List<Map<String, Any?>>
    assertTrue(cases.isNotEmpty())
    val failures = cases.mapNotNull { case -> failure(case) }
    if (failures.isNotEmpty()) {
        val text = failures.joinToString("\n") { (case, error) -> "[$case] ${error.message}" }
        throw AssertionError("${failures.size} of ${cases.size} cases of $name\n$text", failures.first().second)
    }
}

private fun failure(case: Map<String, Any?>): Pair<Any?, Throwable>? {
    val folder = kotlin.io.path.createTempDirectory("pocketshelf-test").toFile()
    return try {
        @Suppress("UNCHECKED_CAST")
        ReplayedDevice(folder).replay(case["steps"] as List<Map<String, Any?>>)
        null
    } catch (error: Throwable) {
        case["case"] to error
    } finally {
        File(folder.path).deleteRecursively()
    }
}
