import Foundation

/// When to try again: exponential back-off with jitter, and no sooner than the server asks for. Jitter keeps the
/// devices of a chain of shops from coming back all at once: "equal jitter", half of a wait is certain, half is
/// drawn ("Exponential Backoff And Jitter", AWS Architecture Blog, 2015).
enum Backoff {
    /// Seconds between two attempts of a background sync, at the most.
    static let longest = 6 * 3600.0
    private static let first = 60.0
    /// Of what a server may ask for: up to half of it is drawn on top, and nobody waits longer than `longest`.
    private static let longestAsked = longest / 1.5
    /// Seconds that one sync waits between two of its attempts, at the most; who asks for more is left alone.
    static let patience = 8.0

    /// Seconds to wait between the attempts of one sync: `attempts - 1` of them.
    ///
    /// - Parameter jitter: gives a number in [0, 1).
    static func delays(_ attempts: Int, jitter: () -> Double) -> [Double] {
        (0..<max(0, attempts - 1)).map { n -> Double in
            let most = min(patience, 0.5 * pow(2.0, Double(n)))
            return most * (0.5 + 0.5 * jitter())
        }
    }

    /// Seconds until a background sync is due again after `failures` in a row: a minute, up to six hours.
    ///
    /// - Parameter asked: seconds for which the server wants to be left alone. Never less than that, at most half
    ///   as much again: devices that were told the same do not come back together.
    static func nextAttempt(after failures: Int, asked: Double? = nil, jitter: () -> Double) -> Double {
        let drawn = jitter()
        let most = min(longest, first * pow(2.0, Double(min(failures - 1, 20))))
        return max(most * (0.5 + 0.5 * drawn), min(asked ?? 0, longestAsked) * (1 + 0.5 * drawn))
    }
}

/// Times as texts: ISO 8601 in UTC, as Python writes them ("2026-11-01T12:00:00+00:00").
enum IsoTime {
    /// `seconds` since 1970, with microseconds where there are some.
    static func text(_ seconds: Double) -> String {
        let micros = (seconds * 1e6).rounded()
        var whole = time_t((micros / 1e6).rounded(.down))
        let rest = Int(micros - Double(whole) * 1e6)
        var parts = tm()
        gmtime_r(&whole, &parts)
        let day = String(format: "%04d-%02d-%02d", Int(parts.tm_year) + 1900, parts.tm_mon + 1, parts.tm_mday)
        let time = String(format: "%02d:%02d:%02d", parts.tm_hour, parts.tm_min, parts.tm_sec)
        return "\(day)T\(time)\(rest == 0 ? "" : String(format: ".%06d", rest))+00:00"
    }

    /// Seconds since 1970; nil for what is no time, or one without a zone.
    static func seconds(_ text: String) -> Double? {
        let zoned = text.hasSuffix("Z") ? String(text.dropLast()) + "+00:00" : text
        let sign = zoned.suffix(6).first
        guard zoned.utf8.count >= 25, sign == "+" || sign == "-" else { return nil }
        let zone = zoned.suffix(5).split(separator: ":").compactMap { Int($0) }
        let body = zoned.dropLast(6), point = body.firstIndex(of: ".") ?? body.endIndex
        guard zone.count == 2, zone[0] < 24, zone[1] < 60,
            let whole = try? Metadata.seconds(body[..<point] + "Z")
        else { return nil }
        let fraction = body[point...]
        guard let part = fraction.isEmpty ? 0 : Double("0\(fraction)") else { return nil }
        return whole + part - Double(zone[0] * 3600 + zone[1] * 60) * (sign == "-" ? -1 : 1)
    }
}
