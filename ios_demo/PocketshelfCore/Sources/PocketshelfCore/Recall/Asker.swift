import Foundation

/// Asks, for no longer than there is time, and tells a server how many regions were answered here since it was last asked,
/// so that a shop sees what its shelf lacks.
final class Asker: @unchecked Sendable {
    private let fallback: (any Fallback)?
    private let lock = NSLock()
    private var unasked = 0

    init(_ fallback: (any Fallback)?) {
        self.fallback = fallback
    }

    /// Whether there is anybody to ask.
    var hasWhom: Bool { fallback != nil }

    /// Nobody is asked about a region.
    func passBy() { locked { unasked += 1 } }

    /// The server's hits; none when it is away, answers nonsense, or not in `seconds`.
    ///
    /// - Parameter recall: the estimate of what was found here.
    func ask(_ question: Question, recall: Double?, seconds: Double) -> (FallbackState, Found) {
        guard let fallback else { return (.local, []) }
        let searches = locked { unasked + 1 }
        let told = "searches=\(searches)" + (recall.map { String(format: " recall=%.3f", $0) } ?? "")
        let found = within(seconds) { try fallback.search(question, told: told) }
        locked { unasked = found == nil ? searches : 0 }
        return found.map { (.server, $0) } ?? (.unavailable, [])
    }

    private func locked<Result>(_ work: () -> Result) -> Result {
        lock.lock()
        defer { lock.unlock() }
        return work()
    }
}

/// What `work` gives on a thread of its own; nil where it throws, or is not done in time: it may still be going on, unheard.
private func within<Result: Sendable>(_ seconds: Double, _ work: @escaping @Sendable () throws -> Result) -> Result? {
    guard seconds > 0 else { return nil }
    let box = ResultBox<Result>(), done = DispatchSemaphore(value: 0)
    let thread = Thread {
        box.set(try? work())
        done.signal()
    }
    thread.name = "pocketshelf-deadline"
    thread.start()
    return done.wait(timeout: .now() + min(seconds, 86_400)) == .success ? box.get() : nil
}

private final class ResultBox<Value>: @unchecked Sendable {
    private let lock = NSLock()
    private var value: Value?

    func set(_ value: Value?) {
        lock.lock()
        defer { lock.unlock() }
        self.value = value
    }

    func get() -> Value? {
        lock.lock()
        defer { lock.unlock() }
        return value
    }
}
