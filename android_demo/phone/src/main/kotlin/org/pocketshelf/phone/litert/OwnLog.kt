package org.pocketshelf.phone.litert

import java.io.IOException

/** This process's lines of Android's log, from a moment on. Nothing of a photo is ever in it. */
internal class OwnLog(private val process: Int) {
    private val began = System.currentTimeMillis()

    /** The newest lines, at most [most]; empty where the log cannot be read. */
    fun lines(most: Int = 400): List<String> = try {
        val since = "%.3f".format(java.util.Locale.ROOT, began / 1000.0)
        val running = ProcessBuilder("logcat", "-d", "-t", since, "--pid=$process").redirectErrorStream(true).start()
        running.inputStream.bufferedReader().useLines { lines -> lines.toList().takeLast(most) }
    } catch (_: IOException) {
        emptyList()
    }
}
