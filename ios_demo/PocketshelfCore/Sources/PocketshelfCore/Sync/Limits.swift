/// How much a server may cost a device: bytes, seconds and the slowest rate that still counts as one.
///
/// Signed metadata bounds every length, but only once it is verified, and the server holds some of the keys.
/// These bounds hold whatever the server says.
public struct Limits: Sendable {
    /// Longest manifest, in bytes.
    public var manifestBytes = Manifest.mostBytes
    /// Longest compressed snapshot or delta.
    public var downloadBytes = 2_000_000_000
    /// Longest unpacked one: the ceiling, the signed length is the rule.
    public var unpackedBytes = 8_000_000_000
    /// Longest wait in seconds for a connection, an answer's header, or the next byte.
    public var gapSeconds = 20.0
    /// Slowest download in bytes a second, averaged over `windowSeconds`.
    public var rate = 1_000.0
    /// How long a download may be slower than `rate`.
    public var windowSeconds = 30.0
    /// Longest sync from the first request to the last byte.
    public var totalSeconds = 3_600.0
    /// Longest check of one database file.
    public var databaseSeconds = 120.0
    /// Bytes written at a time.
    public var chunk = 1 << 18

    public init() {}
}

/// The deadline and the slowest rate of a sync, checked with every piece that arrives.
///
/// A server that drips one byte before each time-out would otherwise hold a device for ever (the "slow
/// retrieval" and "endless data" attacks of The Update Framework).
final class Pace {
    private let limits: Limits
    private let clock: () -> Double
    private let deadline: Double
    private var windowStart: Double
    private var windowBytes = 0

    /// - Parameter clock: seconds that only go forward.
    init(_ limits: Limits, _ clock: @escaping () -> Double) {
        self.limits = limits
        self.clock = clock
        windowStart = clock()
        deadline = windowStart + limits.totalSeconds
    }

    /// Seconds left of the whole sync.
    var remaining: Double { deadline - clock() }

    /// Begin a download: its rate is measured from here.
    func start() {
        windowStart = clock()
        windowBytes = 0
    }

    /// Account for `count` bytes.
    ///
    /// - Throws: `sync`: the sync's time is spent, or the download is slower than allowed.
    func received(_ count: Int) throws {
        let now = clock()
        windowBytes += count
        if now > deadline {
            throw PocketshelfError.sync(
                "the sync took longer than \(plain(limits.totalSeconds)) s and was stopped; "
                    + "the next one goes on where it ended", .time)
        }
        let elapsed = now - windowStart
        if elapsed < limits.windowSeconds { return }
        if Double(windowBytes) < limits.rate * elapsed {
            let rate = Int((Double(windowBytes) / elapsed).rounded())
            throw PocketshelfError.sync(
                "the server sends too slowly (\(rate) bytes/s, at least \(plain(limits.rate)) are asked "
                    + "for); the next sync goes on where this one ended", .slow)
        }
        windowStart = now
        windowBytes = 0
    }
}

/// A number without a fraction where it has none.
func plain(_ number: Double) -> String {
    number == number.rounded() && abs(number) < 1e15 ? String(Int(number)) : String(number)
}
