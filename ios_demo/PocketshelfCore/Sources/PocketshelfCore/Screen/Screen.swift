/// What the app shows: a state, and pure transitions. The shell draws the one, reports what happened, and runs the
/// effects that come back; it decides nothing.
public struct Screen: Sendable {
    public internal(set) var stage = Stage.starting
    public internal(set) var shelf: ShelfFacts?
    public internal(set) var sync = SyncState.idle
    /// The last sync found no network: said as a line, while the shelf answers.
    public internal(set) var isOffline = false
    /// The thing that was tapped, with its hits; nil while looking around.
    public internal(set) var chosen: Chosen?
    /// The photo that is looked at in the camera's place; nil while there is none.
    public internal(set) var still: Still?
    /// What went wrong last, in one line; nil when nothing did.
    public internal(set) var problem: String?
    /// Whether the person allows the server to be asked.
    public internal(set) var asksServer: Bool
    /// Whether a sync begins by itself when the app opens or comes back.
    public internal(set) var syncsItself: Bool
    /// Whether the app is before the person's eyes.
    var isVisible = true

    public init(asksServer: Bool = false, syncsItself: Bool = false) {
        self.asksServer = asksServer
        self.syncsItself = syncsItself
    }

    /// What fills the screen.
    public enum Stage: Equatable, Sendable {
        /// The shelf and the models are being opened.
        case starting
        /// The models cannot be used; why.
        case noModels(String)
        /// There is no shelf, or it cannot be opened; why, if not simply for want of a first sync.
        case noShelf(String?)
        /// There are no pictures.
        case noCamera(CameraRefusal)
        /// The camera, with boxes.
        case looking
    }

    /// Why there are no pictures.
    public enum CameraRefusal: Equatable, Sendable {
        /// The person said no, or a profile forbids it.
        case notAllowed
        /// There is no camera, as in a simulator.
        case none
    }

    /// How syncing goes.
    public enum SyncState: Equatable, Sendable {
        case idle
        case running
        /// What came is being tried: it must reproduce a golden vector before it is used.
        case warmingUp
        /// In one line.
        case failed(String)
        /// It reached its server; the shelf's sequence then.
        case done(Int?)
    }
}

/// What the settings say of the shelf.
public struct ShelfFacts: Equatable, Sendable {
    public let products: Int
    /// Number of its newest change.
    public let sequence: Int
    /// When it was brought up to date, in seconds since 1970; nil if unknown.
    public let updated: Double?
    /// The categories it has.
    public let categories: [String]

    public init(products: Int, sequence: Int, updated: Double?, categories: [String]) {
        self.products = products
        self.sequence = sequence
        self.updated = updated
        self.categories = categories
    }

    /// A shelf counts as old after this many seconds: three days.
    public static let oldAfter = 3.0 * 86_400

    /// Seconds since it was brought up to date, if that is long ago; nil while it is fresh, or nobody knows.
    ///
    /// - Parameter now: seconds since 1970.
    public func staleFor(now: Double) -> Double? {
        guard let updated, now - updated > Self.oldAfter else { return nil }
        return now - updated
    }
}

/// A photo, as one of a library or a frame of the camera that is searched whole.
public struct Still: Sendable {
    /// Counts up with each photo.
    public let number: Int
    /// What is in it; nil while it is searched.
    public internal(set) var found: PhotoAnswer?
}

/// What the shelf has like the things in a photo.
public struct PhotoAnswer: Sendable {
    /// Of the upright photo, in its own pixels; boxes are in these.
    public let width: Int
    public let height: Int
    /// The most prominent first.
    public let regions: [RegionAnswer]

    public init(width: Int, height: Int, regions: [RegionAnswer]) {
        self.width = width
        self.height = height
        self.regions = regions
    }
}

/// A thing that was tapped, and what the shelf has like it.
public struct Chosen: Sendable, Identifiable {
    /// The number of the thing that is followed, from 1; of a photo's region its place, as `number(ofPlace:)`.
    public let id: Int
    public internal(set) var region: Region
    /// Which categories are searched.
    public internal(set) var choice: CategoryChoice
    /// Whether a server was asked, and answered.
    public internal(set) var asked: FallbackState
    public internal(set) var isSearching: Bool
    /// The model's likeliest categories that the shelf has, for the chips.
    public let chips: [String]

    /// So many chips at most.
    public static let mostChips = 6

    /// The number of a photo's region, by its place from 0: below 0, so that no late answer for a followed thing is taken
    /// for it.
    public static func number(ofPlace place: Int) -> Int { -1 - place }

    /// The place, from 0, of a photo's region; nil of a thing that is followed.
    public static func place(ofNumber number: Int) -> Int? { number < 0 ? -1 - number : nil }
}
