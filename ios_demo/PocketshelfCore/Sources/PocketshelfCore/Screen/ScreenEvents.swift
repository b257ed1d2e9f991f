/// What can happen to a `Screen`.
public enum ScreenEvent: Sendable {
    case started
    /// Shelf and models are open and warmed up.
    case opened(ShelfFacts)
    /// There is none; or why it cannot be opened.
    case shelfMissing(String?)
    case modelsRefused(String)
    case cameraStarted
    case cameraRefused(Screen.CameraRefusal)
    /// A photo was chosen, or the camera's frame is to be searched: its number, which no photo had before.
    case photoChosen(Int, whole: Bool)
    /// The search of a photo ended.
    case photoAnswered(Int, PhotoAnswer)
    case photoFailed(Int, String)
    /// Back from the photo to the camera.
    case photoClosed
    /// A box was tapped: the thing's number and what is known of it.
    case tapped(Int, Region)
    /// A search for the chosen thing ended.
    case answered(Int, Region, FallbackState)
    case searchFailed(Int, String)
    case categoryChosen(CategoryChoice)
    case closed
    case syncAsked
    /// A sync reached its server; whether there is a new generation.
    case synced(Int?, isNew: Bool)
    case serverAway(String)
    case syncRefused(String)
    /// What was synced reproduces its golden vector, and is in use.
    case warmedUp(ShelfFacts)
    /// It does not; why. The previous one is still in use.
    case warmUpFailed(String)
    case rollBackAsked
    case rolledBack(ShelfFacts)
    case rollBackFailed(String)
    case serverAllowed(Bool)
    /// The person wants syncs to begin by themselves, or not; a shelf without a server's address cannot.
    case selfSyncWanted(Bool)
    case appeared
    case disappeared
}

/// What the shell does after an event; each ends in another event.
public enum ScreenEffect: Equatable, Sendable {
    /// Open shelf and models → `opened`, `shelfMissing`, `modelsRefused`.
    case open
    /// → `cameraStarted`, `cameraRefused`.
    case startCamera
    case stopCamera
    /// Search for a followed thing in these categories; whether a server may be asked → `answered`, `searchFailed`.
    case search(Int, CategoryChoice, askServer: Bool)
    /// Search a photo, by its number; whether it is one thing, undetected, and whether a server may be asked →
    /// `photoAnswered`, `photoFailed`.
    case searchPhoto(Int, whole: Bool, askServer: Bool)
    /// If due, a server that was away a moment ago is left alone → `synced`, `serverAway`, `syncRefused`.
    case sync(ifDue: Bool)
    /// Try the new generation with the models → `warmedUp`, `warmUpFailed`; after a failure the store is rolled back.
    case warmUp
    /// → `rolledBack`, `rollBackFailed`.
    case rollBack
}

extension Screen {
    /// Take up one event.
    ///
    /// - Returns: what is to be done, in this order.
    public mutating func on(_ event: ScreenEvent) -> [ScreenEffect] {
        switch event {
        case .started:
            stage = .starting
            return [.open]
        case .opened(let facts):
            shelf = facts
            problem = nil
            return startLooking() + syncByItself()
        case .shelfMissing(let why):
            shelf = nil
            return leaveLooking(for: .noShelf(why)) + syncByItself()
        case .modelsRefused(let why):
            return leaveLooking(for: .noModels(why))
        case .cameraStarted, .cameraRefused, .appeared, .disappeared:
            return onCamera(event)
        case .photoChosen, .photoAnswered, .photoFailed, .photoClosed:
            return onPhoto(event)
        case .tapped, .answered, .searchFailed, .categoryChosen, .closed:
            return onChosen(event)
        case .serverAllowed(let allowed):
            asksServer = allowed
            return []
        case .selfSyncWanted(let wanted):
            syncsItself = wanted
            return []
        default:
            return onSync(event)
        }
    }

    private mutating func startLooking() -> [ScreenEffect] {
        stage = .looking
        return resumeCamera()
    }

    /// The camera runs while it is looked through, and nothing lies over it.
    private func resumeCamera() -> [ScreenEffect] {
        stage == .looking && isVisible && chosen == nil && still == nil ? [.startCamera] : []
    }

    /// Nothing waits for it: the shelf answers meanwhile.
    private mutating func syncByItself() -> [ScreenEffect] {
        guard syncsItself, isVisible, sync != .running, sync != .warmingUp else { return [] }
        sync = .running
        return [.sync(ifDue: true)]
    }

    private mutating func leaveLooking(for other: Stage) -> [ScreenEffect] {
        let wasLooking = stage == .looking
        stage = other
        chosen = nil
        still = nil
        return wasLooking ? [.stopCamera] : []
    }

    private mutating func onCamera(_ event: ScreenEvent) -> [ScreenEffect] {
        switch event {
        case .cameraStarted:
            if case .noCamera = stage { stage = .looking }
            // It may have been left, or covered, while the person was asked.
            return resumeCamera().isEmpty ? [.stopCamera] : []
        case .cameraRefused(let refusal):
            stage = .noCamera(refusal)
            // Who looks at a photo goes on with it.
            if still == nil { chosen = nil }
            return []
        case .appeared:
            isVisible = true
            // While the shelf is being opened, its end does what is left to do.
            if stage == .starting { return [] }
            // The permission may have been given in the system's settings meanwhile.
            if case .noCamera(.notAllowed) = stage { return startLooking() + syncByItself() }
            return resumeCamera() + syncByItself()
        default:
            isVisible = false
            return stage == .looking ? [.stopCamera] : []
        }
    }

    private mutating func onPhoto(_ event: ScreenEvent) -> [ScreenEffect] {
        switch event {
        case .photoChosen(let number, let whole):
            switch stage {
            case .looking, .noCamera: break
            default: return []
            }
            still = Still(number: number)
            chosen = nil
            problem = nil
            let search = ScreenEffect.searchPhoto(number, whole: whole, askServer: asksServer)
            return stage == .looking ? [.stopCamera, search] : [search]
        case .photoAnswered(let number, let found):
            // The photo may have been left meanwhile.
            guard still?.number == number else { return [] }
            still?.found = found
            if !found.regions.isEmpty { choose(place: 0) }
            return []
        case .photoFailed(let number, let why):
            guard still?.number == number else { return [] }
            still = nil
            problem = why
            return resumeCamera()
        default:
            guard still != nil else { return [] }
            still = nil
            chosen = nil
            return resumeCamera()
        }
    }

    /// A region of the photo, whose answer is there already.
    private mutating func choose(place: Int) {
        guard let regions = still?.found?.regions, regions.indices.contains(place) else { return }
        let answer = regions[place]
        choose(
            Chosen(
                id: Chosen.number(ofPlace: place), region: answer.region, choice: .auto, asked: answer.asked,
                isSearching: false, chips: chips(answer.region)))
    }

    private mutating func choose(_ thing: Chosen) {
        chosen = thing
        problem = nil
    }

    private func chips(_ region: Region) -> [String] {
        let held = shelf?.categories ?? []
        return Array(region.categories.map(\.name).filter(held.contains).prefix(Chosen.mostChips))
    }

    private mutating func onChosen(_ event: ScreenEvent) -> [ScreenEffect] {
        switch event {
        case .tapped(let number, let region):
            if let place = Chosen.place(ofNumber: number) {
                choose(place: place)
                return []
            }
            guard stage == .looking, still == nil else { return [] }
            choose(
                Chosen(
                    id: number, region: region, choice: .auto, asked: .local, isSearching: true, chips: chips(region)))
            // What is looked at no longer needs the camera, and the phone stays cool.
            return [.stopCamera, .search(number, .auto, askServer: asksServer)]
        case .categoryChosen(let choice):
            guard let number = chosen?.id, chosen?.choice != choice else { return [] }
            chosen?.choice = choice
            chosen?.isSearching = true
            return [.search(number, choice, askServer: false)]
        case .answered(let number, let region, let asked):
            // An answer for what is no longer chosen comes too late.
            guard chosen?.id == number else { return [] }
            chosen?.region = region
            chosen?.asked = asked
            chosen?.isSearching = false
            problem = nil
            return []
        case .searchFailed(let number, let why):
            guard chosen?.id == number else { return [] }
            chosen?.isSearching = false
            problem = why
            return []
        default:
            guard chosen != nil else { return [] }
            chosen = nil
            return resumeCamera()
        }
    }

    private mutating func onSync(_ event: ScreenEvent) -> [ScreenEffect] {
        switch event {
        case .syncAsked:
            guard sync != .running, sync != .warmingUp else { return [] }
            sync = .running
            return [.sync(ifDue: false)]
        case .synced(let sequence, let isNew):
            isOffline = false
            sync = isNew ? .warmingUp : .done(sequence)
            if isNew { return [.warmUp] }
            // The models may have been what was missing.
            return shelf == nil ? [.open] : []
        case .serverAway(let why):
            isOffline = true
            sync = .failed(why)
            return []
        case .syncRefused(let why):
            sync = .failed(why)
            return []
        case .warmedUp(let facts):
            let first = shelf == nil
            shelf = facts
            sync = .done(facts.sequence)
            return first ? startLooking() : []
        case .warmUpFailed(let why):
            sync = .failed(why)
            return []
        case .rollBackAsked:
            return sync == .running || sync == .warmingUp ? [] : [.rollBack]
        case .rolledBack(let facts):
            shelf = facts
            problem = nil
            return []
        case .rollBackFailed(let why):
            problem = why
            return []
        default:
            return []
        }
    }
}
