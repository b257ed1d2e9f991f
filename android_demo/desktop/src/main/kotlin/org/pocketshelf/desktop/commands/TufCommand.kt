package org.pocketshelf.desktop.commands

import java.io.ByteArrayOutputStream
import java.io.File
import java.io.IOException
import java.time.Instant
import org.pocketshelf.core.Reason
import org.pocketshelf.core.SyncError
import org.pocketshelf.core.network.HttpFetcher
import org.pocketshelf.core.store.FileSystem
import org.pocketshelf.core.store.PlainFiles
import org.pocketshelf.core.trust.MetadataError
import org.pocketshelf.core.trust.MetadataSource
import org.pocketshelf.core.trust.MetadataStore
import org.pocketshelf.core.trust.TargetFile
import org.pocketshelf.core.trust.Updater
import org.pocketshelf.desktop.Arguments
import org.pocketshelf.desktop.WrongUsage
import org.pocketshelf.signatures.BouncyCastleVerifier

/**
 * The command line of the public suite tuf-conformance: `init`, `refresh` and `download`, by the core's own workflow.
 *
 * The shop's bounds (`MetadataRules`) are left out, since they refuse delegations. See the suite's CLIENT-CLI.md.
 */
object TufCommand {
    private const val SECONDS = 20.0
    private const val LONGEST = 2_000_000_000L

    fun run(arguments: List<String>): Int {
        val names = setOf("metadata-dir", "metadata-url", "target-name", "target-base-url", "target-dir")
        val options = Arguments(arguments, names)
        val folder = File(options.required("metadata-dir")).absoluteFile
        when (options.rest.firstOrNull()) {
            "init" -> init(folder, File(options.rest.getOrNull(1) ?: throw WrongUsage("init needs a root.json")))
            "refresh" -> refreshed(folder, options)
            "download" -> download(folder, options)
            else -> throw WrongUsage("the command must be init, refresh or download")
        }
        return 0
    }

    private fun init(folder: File, root: File) {
        folder.mkdirs()
        FileSystem().writeAtomically(File(folder, "root.json"), PlainFiles.read(root, Updater.ROOT_BYTES.toInt()))
    }

    private fun refreshed(folder: File, options: Arguments): Updater {
        val base = options.required("metadata-url").trimEnd('/') + "/"
        val source = MetadataSource { name, most -> fetch(base + name, most) }
        return Updater(Folder(folder), source, BouncyCastleVerifier(), Instant.now()).also { it.refresh() }
    }

    private fun download(folder: File, options: Arguments) {
        val base = options.required("target-base-url").trimEnd('/') + "/"
        val targets = File(options.required("target-dir")).absoluteFile
        val updater = refreshed(folder, options)
        for (name in options.all("target-name")) {
            val target = updater.target(name) ?: throw SyncError("$name: not published", reason = Reason.UNPUBLISHED)
            val file = File(targets, Updater.quoted(name))
            if (isThere(file, target)) continue
            if (target.length > LONGEST) throw SyncError("$name: too long", reason = Reason.TOO_LONG)
            val data = fetch(base + target.servedAs(updater.root.consistentSnapshot), target.length)
            target.check(data)
            targets.mkdirs()
            FileSystem().writeAtomically(file, data)
        }
    }

    private fun isThere(file: File, target: TargetFile): Boolean = try {
        target.check(PlainFiles.read(file, minOf(target.length, LONGEST).toInt()))
        true
    } catch (_: IOException) {
        false
    } catch (_: MetadataError) {
        false
    }

    private fun fetch(url: String, most: Long): ByteArray {
        HttpFetcher("pocketshelf-core").get(url, seconds = SECONDS).use { answer ->
            if (answer.status != 200) {
                throw MetadataError(Reason.NO_REPOSITORY, "$url: status ${answer.status}", answer.status)
            }
            val gathered = ByteArrayOutputStream()
            for (chunk in answer.chunks) {
                gathered.write(chunk)
                if (gathered.size() > most) throw MetadataError(Reason.ENDLESS, "$url: more than $most bytes")
            }
            return gathered.toByteArray()
        }
    }

    private class Folder(private val folder: File) : MetadataStore {
        override fun read(role: String): ByteArray? = try {
            PlainFiles.read(file(role), Updater.TARGETS_BYTES.toInt())
        } catch (_: IOException) {
            null
        }

        override fun write(role: String, data: ByteArray) = FileSystem().writeAtomically(file(role), data)

        private fun file(role: String) = File(folder, "${Updater.quoted(role)}.json")
    }
}
