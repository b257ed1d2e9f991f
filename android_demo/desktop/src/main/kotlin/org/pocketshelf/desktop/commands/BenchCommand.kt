package org.pocketshelf.desktop.commands

import java.io.File
import java.nio.ByteBuffer
import java.nio.ByteOrder
import org.pocketshelf.core.StoreError
import org.pocketshelf.core.formats.Delta
import org.pocketshelf.core.formats.DetectorSpec
import org.pocketshelf.core.formats.Fields
import org.pocketshelf.core.formats.FileSpec
import org.pocketshelf.core.formats.Owners
import org.pocketshelf.core.formats.Preprocessing
import org.pocketshelf.core.formats.StrictJson
import org.pocketshelf.core.formats.quantizeVector
import org.pocketshelf.core.stages.detect.BoxDecoder
import org.pocketshelf.core.stages.detect.selectRegions
import org.pocketshelf.core.stages.search.ExactIndex
import org.pocketshelf.desktop.Arguments
import org.pocketshelf.desktop.JdbcDatabases
import org.pocketshelf.desktop.search.FastestScanners

/** `bench --folder F`: medians of the core's times over the inputs that `benchmarks/phones.py` writes. */
object BenchCommand {
    /** Prints one JSON line; milliseconds, and what was found, so that a fast wrong answer is seen. */
    fun run(arguments: List<String>): Int {
        val folder = File(Arguments(arguments, setOf("folder")).required("folder"))
        val line = LinkedHashMap<String, Any?>()
        line += scan(folder)
        line += delta(folder)
        line += decode(folder)
        line["scan"] = FastestScanners.name
        println(StrictJson.write(line))
        return 0
    }

    private fun scan(folder: File): Map<String, Any?> {
        val told = fields(folder, "scan.json")
        val count = told.integer("count").toInt()
        val dimension = told.integer("dimension").toInt()
        val k = told.integer("k").toInt()
        val owners = Owners(List(count) { "%06d".format(it) }, IntArray(count) { it })
        val vectors = File(folder, "vectors.i8").readBytes()
        val index = ExactIndex(owners, vectors, dimension, FastestScanners)
        val numbers = floats(folder, "queries.f32")
        val queries = List(told.integer("queries").toInt()) { numbers.copyOfRange(it * dimension, (it + 1) * dimension) }
        val first = queries.map { index.search(it, k).first().productId }
        // The just-in-time compiler needs more than one round to be through.
        repeat(WARM_UP_ROUNDS) { for (query in queries) index.search(query, k) }
        val times = List(5) { queries.map { query -> milliseconds { index.search(query, k) } } }.flatten()
        val rounded = queries.map(::quantizeVector)
        return mapOf("scan_ms" to median(times), "kernel_ms" to kernel(vectors, dimension, rounded), "first_hits" to first)
    }

    /** The dot products alone. */
    private fun kernel(vectors: ByteArray, dimension: Int, queries: List<ByteArray>): Double {
        val scanner = FastestScanners.over(vectors, dimension)
        val dots = IntArray(vectors.size / dimension)
        repeat(WARM_UP_ROUNDS) { for (query in queries) scanner.dots(query, dots) }
        return median(List(5) { queries.map { query -> milliseconds { scanner.dots(query, dots) } } }.flatten())
    }

    private fun delta(folder: File): Map<String, Any?> {
        val databases = JdbcDatabases()
        val copy = File.createTempFile("pocketshelf-bench", ".sqlite")
        var sequence = 0L
        try {
            val times = List(WHOLE_ROUNDS + 5) {
                File(folder, "shard.sqlite").copyTo(copy, overwrite = true)
                milliseconds { sequence = Delta.apply(databases, copy, File(folder, "delta.sqlite")).sequence }
            }
            return mapOf("delta_ms" to median(times.drop(WHOLE_ROUNDS)), "sequence" to sequence)
        } finally {
            copy.delete()
        }
    }

    private fun decode(folder: File): Map<String, Any?> {
        val told = fields(folder, "detector.json")
        val (height, width) = told.integers("size").map(Long::toInt)
        val spec = DetectorSpec(
            FileSpec("detector", "", 0), "int8", Preprocessing(height, width), told.texts("groups"),
            told.integers("strides").map(Long::toInt), nmsIou = told.number("nms_iou"),
        )
        val decoder = BoxDecoder(spec)
        val scores = floats(folder, "scores.f32")
        val distances = floats(folder, "distances.f32")
        val (wide, high) = listOf("width", "height").map { told.integer(it).toInt() }
        val threshold = told.number("score_threshold")
        var boxes = 0
        var regions = 0
        val times = List(DECODES_BEFORE + 50) {
            milliseconds {
                val found = decoder.decode(scores, distances, wide, high)
                boxes = found.size
                regions = selectRegions(found, wide, high, threshold).size
            }
        }
        return mapOf("decode_ms" to median(times.drop(DECODES_BEFORE)), "boxes" to boxes.toLong(), "regions" to regions.toLong())
    }

    private fun fields(folder: File, name: String) =
        Fields(StrictJson.parse(File(folder, name).readBytes()), name, ::StoreError)

    private fun floats(folder: File, name: String): FloatArray {
        val numbers = ByteBuffer.wrap(File(folder, name).readBytes()).order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer()
        return FloatArray(numbers.remaining()).also { numbers.get(it) }
    }

    private fun median(times: List<Double>): Double = times.sorted()[times.size / 2]

    private inline fun milliseconds(work: () -> Unit): Double {
        val started = System.nanoTime()
        work()
        return (System.nanoTime() - started) / 1e6
    }

    private const val WARM_UP_ROUNDS = 20
    private const val DECODES_BEFORE = 600
    private const val WHOLE_ROUNDS = 25
}
