import Foundation

/// One sync, from the first request to the pointer: the shell around the planner's rules.
final class Syncer {
    private let request: SyncRequest
    private let env: SyncEnvironment
    private let folder: StoreFolder
    private let pace: Pace
    private let started: Double
    private var received = 0
    /// What was done, once the shelf is the published one; its local features may be missing still.
    private var done: (report: SyncReport, sequence: Int)?
    /// Room for the indexes and the volume's own bookkeeping, beyond the bytes that are known.
    private static let spare = 1.1, spareBytes = 1_000_000

    init(_ path: String, _ request: SyncRequest, _ environment: SyncEnvironment) throws {
        var request = request
        request.server = try ServerAddress.checked(request.server)
        self.request = request
        env = environment
        folder = StoreFolder(path)
        pace = Pace(environment.limits, environment.clock)
        started = environment.clock()
    }

    /// Sync once, trying again a few times while the server is away.
    func run() throws -> SyncReport {
        try StoreWriter.open(folder.path, files: env.files) { writer in
            var state = SyncState(folder: folder.path)
            if request.ifDue, let due = state.waits(for: server, at: env.now()) {
                return report(.deferred, why: due, nextAttempt: due)
            }
            do {
                try persist(writer)
            } catch let error as PocketshelfError where done != nil {
                done?.report.problem = "\(oneLine(error.message, limit: 1000)); \(Self.later)"
                done?.report.refusal = error.kind == .unreachable ? .away : error.refusal
            } catch let error as PocketshelfError where error.kind == .unreachable {
                return offline(&state, error)
            }
            guard let (report, sequence) = done else { throw PocketshelfError.sync("nothing was done") }
            state.succeeded(server, shard: request.shard, at: env.now(), sequence: sequence)
            remember(state)
            return told(report)
        }
    }

    private static let later =
        "the shelf is searched without its newest local features, and the next sync tries again"

    private var server: String { withoutPasswords(request.server) }

    /// What is done besides may fail, and the sync is what it is.
    private func remember(_ state: SyncState) { try? state.save(to: folder.path, env.files) }

    /// `once`, until the server answers or the attempts are spent.
    private func persist(_ writer: StoreWriter) throws {
        for delay in Backoff.delays(env.attempts, jitter: env.jitter) {
            do {
                return try once(writer)
            } catch let error as PocketshelfError where error.kind == .unreachable {
                let wait = max(delay, error.retryAfter ?? 0)
                if wait > min(Backoff.patience, pace.remaining) { throw error }
                env.sleep(wait)
            }
        }
        return try once(writer)
    }

    private func offline(_ state: inout SyncState, _ error: PocketshelfError) -> SyncReport {
        let moment = env.now()
        let failures = state.failures(of: server) + 1
        let due = moment + Backoff.nextAttempt(after: failures, asked: error.retryAfter, jitter: env.jitter)
        state.failed(server, at: moment, until: due)
        remember(state)
        return report(.offline, why: error.message, nextAttempt: IsoTime.text(due))
    }

    private func once(_ writer: StoreWriter) throws {
        let source = FileSource(
            env.fetcher, server: request.server, pace: pace, limits: env.limits,
            sequence: currentSequence(folder.path) ?? 0)
        let trusted = try trusted(source)
        let manifest = try manifest(trusted, source)
        let device = try device(trusted, manifest)
        let plan = try Plan.decide(device, manifest, allowOlder: request.allowOlder)
        if plan.get == .nothing {
            dropDamagedPrevious(writer)
            if plan.why == .current { try vouch(trusted, manifest) }
            done = done ?? (report(.current, why: plan.why.rawValue), manifest.sequence)
        } else {
            let how = try update(writer, trusted, manifest, device, plan, source)
            dropDownloads()
            let isAsPlanned = how == (plan.get == .snapshot ? "snapshot" : "changes")
            var updated = report(.updated, why: isAsPlanned ? plan.why.rawValue : "does not fit")
            updated.how = how
            updated.fromSequence = device.sequence
            done = (updated, manifest.sequence)
        }
        if plan.why != .rolledBack { done?.report.features = try features(trusted, manifest, source) }
        dropDownloads()
    }

    /// The report with what the whole sync took.
    private func told(_ report: SyncReport) -> SyncReport {
        var told = report
        (told.received, told.seconds) = (received, env.clock() - started)
        return told
    }

    /// Bring the local features of the shelf, which is the published one; how, if at all.
    private func features(_ trusted: Trusted, _ manifest: Manifest, _ source: FileSource) throws -> String? {
        guard request.closely else { return nil }
        let bringer = FeatureBringer(folder: folder, files: env.files, limits: env.limits) { target, room in
            try self.requireSpace(room)
            return try self.downloader(target.name, source).get(target, most: self.env.limits.downloadBytes)
        }
        do {
            return try bringer.bring(trusted, shard: manifest.shard, sequence: manifest.sequence)?.rawValue
        } catch let error as SystemError {
            throw PocketshelfError.store("\(error.path): \(error.reason)")
        }
    }

    private func dropDownloads() { try? env.files.removeTree("\(folder.path)/downloads") }

    private func trusted(_ source: FileSource) throws -> Trusted {
        let trust = Trust("\(folder.path)/trust", files: env.files, verifier: env.verifier)
        let given = request.root.flatMap { $0.isEmpty ? nil : $0 }
        if let root = try given ?? lyingBy(trust) {
            try trust.establish(root)
        } else if try !trust.established() {
            try trust.establish(firstRoot(source))
        }
        return try trust.refresh(source, now: env.now())
    }

    /// The root that lies in the store's folder, where none is stored yet, or a damaged one.
    private func lyingBy(_ trust: Trust) throws -> [UInt8]? {
        if (try? trust.established()) == true { return nil }
        let provided = "\(folder.path)/root.json"
        return exists(provided) ? try readPlain(provided, most: Updater.Most.root) : nil
    }

    /// Version 1 of the server's root, unauthenticated: for trust on first use only.
    private func firstRoot(_ source: FileSource) throws -> [UInt8] {
        guard request.trustOnFirstUse else {
            throw PocketshelfError.sync(
                "\(folder.path): no root of trust yet; give the server's root.json (--root, or put it into "
                    + "this folder), or accept whoever answers (--trust-on-first-use)", .noRoot)
        }
        do {
            return try source.metadata("1.root.json", most: Updater.Most.root)
        } catch let error as TufError {
            throw explain(error, source.server)
        }
    }

    private func manifest(_ trusted: Trusted, _ source: FileSource) throws -> Manifest {
        let target = try trusted.target("\(request.shard)/\(Manifest.fileName)")
        let path = try downloader(target.name, source).get(target, most: env.limits.manifestBytes)
        let data = try readPlain(path, most: env.limits.manifestBytes)
        let manifest = try Manifest(parsing: data, where: target.name)
        guard exactlyEqual(manifest.shard, request.shard) else {
            throw PocketshelfError.sync(
                "\(target.name): refused, it is the manifest of shard '\(manifest.shard)'", .manifest)
        }
        return manifest
    }

    /// What is here; a generation that fails its checksum counts as damaged.
    private func device(_ trusted: Trusted, _ manifest: Manifest) throws -> Device {
        var device = Device(bundle: request.bundle)
        let name: String, meta: ShardMeta
        do {
            guard let current = try folder.current() else { return device }
            name = current
            try Recorded.checkAll(folder, name)
            let shard = try Shard(folder.shard(name))
            defer { shard.close() }
            meta = shard.meta
        } catch let error as PocketshelfError where error.isStore {
            device.damaged = true
            return device
        }
        device.shard = shardName(name)
        device.sequence = meta.sequence
        device.space = meta.vectorSpace
        device.rolledBack = folder.rolledBack()?.sequence
        let signedBy = SignedBy(folder: folder.generation(name))
        let isSame = try meta.sequence == manifest.sequence && isMade(signedBy, of: trusted, manifest)
        // A key that is not rotated since; true where nothing is known.
        device.vouched = isSame || (signedBy.map { trusted.counts($0.keys) } ?? true)
        return device
    }

    /// Which shard a generation came from; nil for one that was built here, or whose manifest is damaged.
    private func shardName(_ name: String) -> String? {
        let data = try? Recorded.read(folder, name, Manifest.fileName, most: Manifest.mostBytes)
        return data.flatMap { try? Manifest(parsing: $0) }?.shard
    }

    /// Whether a generation was made of the very snapshot that is signed now.
    private func isMade(_ signedBy: SignedBy?, of trusted: Trusted, _ manifest: Manifest) throws -> Bool {
        let signed = try trusted.target(manifest.snapshot.target).sha256
        return signedBy?.snapshot == signed
    }

    /// Note that keys which count now signed the current generation, where they did: the very file.
    private func vouch(_ trusted: Trusted, _ manifest: Manifest) throws {
        let path = folder.generation(try folder.requireCurrent())
        guard var signedBy = SignedBy(folder: path), signedBy.keys != trusted.keys,
            try isMade(signedBy, of: trusted, manifest)
        else { return }
        signedBy.keys = trusted.keys
        try? env.files.writeOver("\(path)/\(SignedBy.fileName)", signedBy.data)
    }

    /// A repair that was killed between the pointer and the tidying leaves what it replaced.
    private func dropDamagedPrevious(_ writer: StoreWriter) {
        guard let previous = (try? folder.previous()) ?? nil,
            (try? Recorded.checkAll(folder, previous)) == nil
        else { return }
        writer.prune(keep: folder.generations().filter { $0 != previous })
    }

    private func update(
        _ writer: StoreWriter, _ trusted: Trusted, _ manifest: Manifest, _ device: Device, _ plan: Plan,
        _ source: FileSource
    ) throws -> String {
        let published = try trusted.find(
            FeatureTable.targetName(shard: manifest.shard, sequence: manifest.sequence))
        let next = NextGeneration(
            writer: writer, manifest: manifest, limits: env.limits, keys: trusted.keys,
            space: device.bundle ?? (plan.why.isAnew ? nil : device.space), prepare: env.prepare,
            keepsFeatures: published != nil && request.closely && plan.why.goesOn)
        if case .changes(let entry) = plan.get {
            do {
                let (path, target) = try packed(entry.target, isDelta: true, trusted, source)
                try next.publishChanges(path, target, entry)
                return "changes"
            } catch let error as PocketshelfError where error.isStore {
                // They do not fit what is here: the whole does.
            }
        }
        let (path, target) = try packed(manifest.snapshot.target, isDelta: false, trusted, source)
        try next.publishSnapshot(path, target, replaces: plan.why.isAnew)
        return "snapshot"
    }

    /// Download what the manifest names, if there is room for it and for what it becomes.
    private func packed(
        _ name: String, isDelta: Bool, _ trusted: Trusted, _ source: FileSource
    ) throws -> (String, Target) {
        let target = try trusted.target(name)
        let unpacked = try unpackedLength(target, env.limits).length
        var needed = target.length + unpacked
        if isDelta {  // Applied to a copy of the shard, which grows by no more than it.
            needed += unpacked + fileSize(folder.shard(try folder.requireCurrent()))
        }
        try requireSpace(needed)
        return (try downloader(target.name, source).get(target, most: env.limits.downloadBytes), target)
    }

    private func requireSpace(_ needed: Int) throws {
        let needed = Double(needed) * Self.spare + Double(Self.spareBytes)
        let free = Double(env.freeBytes(folder.path))
        guard free >= needed else {
            throw PocketshelfError.sync(
                "\(folder.path): \(Int(needed / 1e6)) MB are needed for this sync, \(Int(free / 1e6)) MB are "
                    + "free; free some space", .room)
        }
    }

    private func downloader(_ what: String, _ source: FileSource) -> Downloader {
        var seen = 0
        return Downloader("\(folder.path)/downloads", source, env.files) { [self] done, total in
            received += max(0, done - seen)
            seen = done
            env.progress(what, done, total)
        }
    }

    private func report(_ outcome: SyncReport.Outcome, why: String?, nextAttempt: String? = nil) -> SyncReport {
        let sequence = currentSequence(folder.path)
        return SyncReport(
            outcome: outcome, why: why, fromSequence: sequence, sequence: sequence, received: received,
            seconds: env.clock() - started, nextAttempt: nextAttempt)
    }
}
