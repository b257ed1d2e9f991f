package org.pocketshelf.core.formats

/** The SQL of `contract/sql`, which every platform runs; it travels as a resource of the program. */
object ContractSql {
    private val read = HashMap<String, List<String>>()

    /**
     * The statements of `contract/sql/<name>.sql`, each on one line.
     *
     * @throws IllegalStateException the program was packed without them.
     */
    fun statements(name: String): List<String> = synchronized(read) { read.getOrPut(name) { load(name) } }

    private fun load(name: String): List<String> {
        val stream = javaClass.getResourceAsStream("/contract/sql/$name.sql")
            ?: throw IllegalStateException("contract/sql/$name.sql is not packed with this program")
        val lines = stream.use { it.readBytes() }.toString(Charsets.UTF_8).lines()
        val text = lines.filterNot { it.startsWith("--") }.joinToString(" ") { it.trim() }
        return text.split(';').map { it.trim() }.filter { it.isNotEmpty() }
    }

    /** [statement] with its named parameters, which are all integers, written into it. */
    fun filled(statement: String, values: Map<String, Long>): String =
        PARAMETER.replace(statement) { values.getValue(it.groupValues[1]).toString() }

    /** [statement] without SQLite's JSON functions, which Android has from version 14 on only. */
    fun withoutJson(statement: String): String = statement.replace(JSON, "")

    private val PARAMETER = Regex(":([a-z_]+)")
    private val JSON = Regex(" OR NOT json_valid\\(attributes\\) OR json_type\\(attributes\\) <> 'object'")
}
