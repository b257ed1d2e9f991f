import Foundation

/// What a server that is busy asks for: the `Retry-After` of an answer (RFC 9110, 10.2.3).
enum RetryAfter {
    /// Seconds from `now` on, 0 for what is past; nil where it makes no sense.
    ///
    /// - Parameter text: seconds as digits, or a date.
    static func seconds(_ text: String, now: Date) -> Double? {
        if !text.isEmpty, text.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) {
            return text.utf8.count < 9 ? Double(text) : nil
        }
        let format = DateFormatter()
        format.locale = Locale(identifier: "en_US_POSIX")
        format.timeZone = TimeZone(identifier: "GMT")
        format.dateFormat = "EEE, dd MMM yyyy HH:mm:ss 'GMT'"
        return format.date(from: text).map { max(0, $0.timeIntervalSince(now)) }
    }
}
