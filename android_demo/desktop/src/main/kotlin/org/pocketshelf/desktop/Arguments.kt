package org.pocketshelf.desktop

/** The command line was not understood. */
class WrongUsage(message: String) : Exception(message)

/**
 * Options of a command: `--name value`, or `--name` alone for those in [flags], and what is left over.
 *
 * @param names the options that take a value.
 */
class Arguments(arguments: List<String>, names: Set<String>, flags: Set<String> = emptySet()) {
    private val values = HashMap<String, ArrayList<String>>()

    /** What is no option. */
    val rest = ArrayList<String>()

    init {
        var i = 0
        while (i < arguments.size) {
            val word = arguments[i++]
            val name = word.removePrefix("--").substringBefore('=')
            when {
                !word.startsWith("--") -> rest.add(word)
                name in flags && '=' !in word -> add(name, "")
                name !in names -> throw unknown(word, names + flags)
                '=' in word -> add(name, word.substringAfter('='))
                i == arguments.size -> throw WrongUsage("$word needs a value")
                else -> add(name, arguments[i++])
            }
        }
    }

    /** Whether a flag is there. */
    fun has(name: String): Boolean = name in values

    /** Whether the flag `--name` is there, or `--no-name`; null without either. Throws [WrongUsage] where both are. */
    fun choice(name: String): Boolean? {
        if (has(name) && has("no-$name")) throw WrongUsage("--$name and --no-$name exclude each other")
        return if (has(name)) true else if (has("no-$name")) false else null
    }

    /** The value of [name], the last where it is repeated; null without one. */
    fun optional(name: String): String? = values[name]?.last()

    /** The value of [name]; throws [WrongUsage] without one. */
    fun required(name: String): String = optional(name) ?: throw WrongUsage("--$name is missing")

    /** All values of [name]. */
    fun all(name: String): List<String> = values[name].orEmpty()

    private fun unknown(word: String, known: Set<String>) =
        WrongUsage("unknown option $word; there are ${known.sorted().joinToString { "--$it" }}")

    private fun add(name: String, value: String) {
        values.getOrPut(name) { ArrayList() }.add(value)
    }
}
