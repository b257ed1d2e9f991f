package org.pocketshelf.desktop

import java.io.IOException
import kotlin.system.exitProcess
import org.pocketshelf.core.PocketshelfError
import org.pocketshelf.core.UsageError
import org.pocketshelf.core.oneLine
import org.pocketshelf.desktop.commands.AnswerCommand
import org.pocketshelf.desktop.commands.BenchCommand
import org.pocketshelf.desktop.commands.SearchCommand
import org.pocketshelf.desktop.commands.StoreCommands
import org.pocketshelf.desktop.commands.TufCommand

private const val USAGE = """usage: pocketshelf-core COMMAND …
  sync --store DIR --server URL [--root FILE] [--shard all] [--bundle DIR] [--allow-older] [--if-due]
    [--no-closely] [--trust-on-first-use]
  status --store DIR
  rollback --store DIR [--undo]
  dump --store DIR
  search --store DIR --vectors FILE [--k 10] [--category NAME] [--usearch LIBRARY]
  bench --folder DIR
  answer --store DIR --bundle DIR --litert LIBRARY [--k 10] [--whole] [--[no-]any-way-up] [--no-closely] PHOTO…
  --metadata-dir DIR init FILE
  --metadata-dir DIR --metadata-url URL refresh
  --metadata-dir DIR --metadata-url URL --target-name NAME… --target-base-url URL --target-dir DIR download"""

/** The core's command line. Exit 0 done · 1 the input or the store is bad, with one line on standard error · 2 wrong usage. */
fun main(arguments: Array<String>) {
    exitProcess(run(arguments.toList()))
}

private fun run(arguments: List<String>): Int = try {
    val rest = arguments.drop(1)
    when (val command = arguments.firstOrNull()) {
        "sync" -> StoreCommands.sync(rest)
        "status" -> StoreCommands.status(rest)
        "rollback" -> StoreCommands.rollback(rest)
        "dump" -> StoreCommands.dump(rest)
        "search" -> SearchCommand.run(rest)
        "bench" -> BenchCommand.run(rest)
        "answer" -> AnswerCommand.run(rest)
        else -> if (command?.startsWith("--") == true) TufCommand.run(arguments) else usage()
    }
} catch (error: WrongUsage) {
    System.err.println(error.message)
    usage()
} catch (error: UsageError) {
    failed(error)
} catch (error: PocketshelfError) {
    failed(error)
} catch (error: IOException) {
    failed(error)
}

private fun usage(): Int {
    System.err.println(USAGE)
    return 2
}

private fun failed(error: Exception): Int {
    System.err.println(oneLine(error, 2000))
    return 1
}
