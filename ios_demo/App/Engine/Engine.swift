import CoreGraphics
import Foundation
import PocketshelfCore

/// Shelf, models and searches behind the screens.
///
/// One thing at a time on one queue, which the camera's frames share: frames that come while something is searched are
/// thrown away. Syncs have a thread of their own, since they wait for a network.
final class Engine: @unchecked Sendable {
    let queue = DispatchQueue(label: "org.pocketshelf.engine", qos: .userInitiated)
    private let syncQueue = DispatchQueue(label: "org.pocketshelf.sync", qos: .utility)
    /// Pictures wait for a network, too, and one another.
    private let pictureQueue = DispatchQueue(label: "org.pocketshelf.pictures", qos: .utility)
    private let places: Places
    // All of these are touched on `queue` alone.
    private var loaded: LoadedModels?
    private var retriever: Retriever?
    private var watch: Watch?
    private var seen: Seen?
    /// What was found in the last photo, a region each.
    private var found: [RegionAnswer] = []
    private var pictures: ServerPictures?

    /// The last frame that was looked at, and what was seen in it.
    private struct Seen {
        let photo: Photo
        let view: LiveView
        var encoded: [Int: EncodedRegion] = [:]
    }

    init(places: Places = .standard) {
        self.places = places
    }

    /// Run one of the screen's effects but the camera's; the event that it ends in.
    func run(_ effect: ScreenEffect, _ settings: Settings) async -> ScreenEvent? {
        switch effect {
        case .open:
            return await open(settings)
        case .search(let number, let choice, let askServer):
            return await onQueue { $0.search(number, choice, ask: askServer) }
        case .sync(let ifDue):
            return await sync(settings, ifDue: ifDue)
        case .warmUp:
            return await takeUp(settings)
        case .rollBack:
            return await onQueue { $0.rollBack() }
        case .startCamera, .stopCamera, .searchPhoto:
            return nil
        }
    }

    /// What is in sight in one more frame; nil without models and a shelf. Called on `queue`.
    func see(_ photo: Photo) -> LiveView? {
        guard let view = try? watch?.see(photo) else { return nil }
        seen = Seen(photo: photo, view: view)
        return view
    }

    /// The loaded models, for the settings.
    func models() async -> [ModelFacts] {
        await onQueue { $0.loaded?.facts ?? [] }
    }

    /// A product of the shelf; nil for one that is not on it.
    func product(_ id: String) async -> Product? {
        await onQueue { try? $0.retriever?.store.product(id) }
    }

    // MARK: - Opening

    private func open(_ settings: Settings) async -> ScreenEvent {
        let models: LoadedModels
        do {
            models = try await LoadedModels.open(places, units: settings.units)
        } catch {
            return .modelsRefused(line(error))
        }
        return await onQueue { engine in
            engine.loaded = models
            return engine.openShelf(settings)
        }
    }

    private func openShelf(_ settings: Settings) -> ScreenEvent {
        guard let models = loaded else { return .modelsRefused("") }
        // Nothing was synced yet: that is no fault.
        if (try? StoreFolder(places.store).current()) == nil { return .shelfMissing(nil) }
        do {
            let store = try Store.open(places.store)
            let fresh = try Retriever(
                store: store, encoder: models.encoder, fallback: fallback(settings), searcher: searcher(places))
            retriever = fresh
            pictures = settings.address.isEmpty
                ? nil : try? ServerPictures(server: settings.address, fetcher: HttpFetcher())
            watch = Watch(fresh)
            seen = nil
            return .opened(try facts(store))
        } catch {
            return .shelfMissing(line(error))
        }
    }

    private func fallback(_ settings: Settings) -> (any Fallback)? {
        guard !settings.address.isEmpty else { return nil }
        // An address that is none is said by the next sync; searching goes on without it.
        return try? ServerFallback(server: settings.address, fetcher: HttpFetcher(), full: true)
    }

    /// The exact scan, and graphs of large categories where the app has USearch and it computes rightly.
    private func searcher(_ places: Places) -> (any ShelfReader) -> any Searcher {
        let library = USearchLibrary(path: places.usearch)
        return { shelf in
            guard let library, let store = shelf as? Store else { return StoreSearcher(shelf) }
            return StoreSearcher(shelf, graphs: Graphs(library, folder: store.folder.index(store.generation)))
        }
    }

    private func facts(_ store: any ShelfReader) throws -> ShelfFacts {
        ShelfFacts(
            products: try store.count(), sequence: store.meta.sequence, updated: lastSync(places.store),
            categories: try store.categories().map(\.name))
    }

    // MARK: - Searching

    /// The last frame that was looked at; nil before the first.
    func frame() async -> Photo? {
        await onQueue { $0.seen?.photo }
    }

    /// A photo's file, read.
    ///
    /// - Throws: `PocketshelfError.photo`: it cannot be.
    func read(_ file: Data) async throws -> Photo {
        try await onQueue { _ in Result { try StillPhotos.read(file) } }.get()
    }

    /// Search a photo: upright, closely, as one thing and turned where that is due, as `Retriever.answers` does.
    func search(_ photo: Photo, _ number: Int, whole: Bool, ask: Bool) async -> ScreenEvent {
        await onQueue { engine in
            do {
                guard let retriever = engine.retriever else { throw PocketshelfError.store("no shelf is open") }
                let answers = try retriever.answers(photo, whole: whole, ask: ask ? nil : false)
                engine.found = answers
                return .photoAnswered(number, PhotoAnswer(width: photo.width, height: photo.height, regions: answers))
            } catch {
                return .photoFailed(number, line(error))
            }
        }
    }

    /// A region of the last photo in other categories, by its vector; as it was found, as seen.
    private func search(place: Int, _ choice: CategoryChoice) throws -> RegionAnswer? {
        guard let retriever, found.indices.contains(place) else { return nil }
        let known = found[place]
        return choice == .auto ? known : try retriever.search(known.encoded, category: choice)
    }

    /// The server's picture of one of its hits; nil where there is none.
    func picture(_ id: String) async -> CGImage? {
        guard let pictures = await onQueue({ $0.pictures }) else { return nil }
        return await withCheckedContinuation { done in
            pictureQueue.async {
                let photo = (try? pictures.get(id)).flatMap { $0 }.flatMap { try? StillPhotos.read(Data($0)) }
                done.resume(returning: photo.flatMap(StillPhotos.image))
            }
        }
    }

    private func search(_ number: Int, _ choice: CategoryChoice, ask: Bool) -> ScreenEvent {
        do {
            if let place = Chosen.place(ofNumber: number), let answer = try search(place: place, choice) {
                return .answered(number, answer.region, answer.asked)
            }
            guard let retriever, let region = try encoded(number) else {
                return .searchFailed(number, String(localized: "It is no longer in sight."))
            }
            let answer = try retriever.search(region, in: seen?.photo, category: choice, ask: ask ? nil : false)
            return .answered(number, answer.region, answer.asked)
        } catch {
            return .searchFailed(number, line(error))
        }
    }

    /// The followed thing's vector, embedded once from the frame in which it was tapped.
    private func encoded(_ number: Int) throws -> EncodedRegion? {
        guard let seen, let retriever else { return nil }
        if let known = seen.encoded[number] { return known }
        let boxes = seen.view.regions.map { live in
            (live.number, Detection(box: live.region.box, group: live.region.group, score: live.region.score))
        }
        guard let wanted = boxes.first(where: { $0.0 == number })?.1 else { return nil }
        let made = try retriever.encoder.embed(seen.photo, boxes: boxes.map(\.1), wanted: [wanted]).first
        self.seen?.encoded[number] = made
        return made
    }

    // MARK: - Syncing

    private func sync(_ settings: Settings, ifDue: Bool) async -> ScreenEvent {
        let space = await onQueue { $0.loaded?.bundle.vectorSpace }
        return await withCheckedContinuation { done in
            syncQueue.async { done.resume(returning: self.syncNow(settings, space, ifDue: ifDue)) }
        }
    }

    private func syncNow(_ settings: Settings, _ space: Space?, ifDue: Bool) -> ScreenEvent {
        var request = SyncRequest(server: settings.address)
        request.shard = settings.shard
        request.bundle = space
        request.ifDue = ifDue
        // The app's maker puts the shop's root of trust into the app; without one the first answer is trusted.
        request.root = places.root
        request.trustOnFirstUse = places.root == nil
        do {
            try places.makeReady()
            let report = try PocketshelfCore.sync(
                store: places.store, request, SyncEnvironment(fetcher: HttpFetcher()))
            // To the open generation, too; what becomes current brings its own.
            queue.async { _ = try? self.retriever?.reloadFeatures() }
            switch report.outcome {
            case .updated, .current: return .synced(report.sequence, isNew: report.outcome == .updated)
            case .offline, .deferred: return .serverAway(report.why ?? "")
            }
        } catch {
            return .syncRefused(line(error))
        }
    }

    /// Take up the generation that was synced, if the models find in it what is in it; else go back to the one before.
    private func takeUp(_ settings: Settings) async -> ScreenEvent {
        guard await onQueue({ $0.retriever != nil }) else {
            switch await open(settings) {
            case .opened(let facts): return .warmedUp(facts)
            case .shelfMissing(let why): return .warmUpFailed(why ?? "")
            case .modelsRefused(let why): return .warmUpFailed(why)
            default: return .warmUpFailed("")
            }
        }
        return await onQueue { engine in
            do {
                return .warmedUp(try engine.replaceStore())
            } catch {
                // The retriever never let go of the previous one; the folder returns to it, too.
                _ = try? rollbackStore(engine.places.store)
                return .warmUpFailed(line(error))
            }
        }
    }

    /// - Throws: what is wrong with the current generation; the one in use stays.
    private func replaceStore() throws -> ShelfFacts {
        guard let retriever else { throw PocketshelfError.store("no shelf is open") }
        let store = try Store.open(places.store)
        try retriever.replaceStore(store) { searcher in try WarmUp.verify(store, searcher) }
        return try facts(store)
    }

    private func rollBack() -> ScreenEvent {
        do {
            _ = try rollbackStore(places.store)
            return .rolledBack(try replaceStore())
        } catch {
            return .rollBackFailed(line(error))
        }
    }

    private func onQueue<Result>(_ work: @escaping (Engine) -> Result) async -> Result {
        await withCheckedContinuation { done in
            queue.async { done.resume(returning: work(self)) }
        }
    }
}

/// An error in one line.
private func line(_ error: any Error) -> String {
    (error as? PocketshelfError)?.message ?? oneLine(error.localizedDescription)
}
