import XCTest

@testable import PocketshelfCore

/// What the app shows after what happened.
final class ScreenTests: XCTestCase {
    private let facts = ShelfFacts(products: 3, sequence: 7, updated: 1_000, categories: ["Hat", "Shirt"])
    private let newer = ShelfFacts(products: 4, sequence: 9, updated: 2_000, categories: ["Hat", "Shirt"])

    private func region(_ categories: [String] = ["Shirt", "Sock", "Hat"], hits: [Hit]? = nil) -> Region {
        Region(
            box: Box(1, 2, 3, 4), group: "upper", score: 0.9,
            categories: categories.map { NamedProbability($0, 0.3) }, hits: hits)
    }

    private func looking(asksServer: Bool = false) -> Screen {
        var screen = Screen(asksServer: asksServer)
        _ = screen.on(.started)
        _ = screen.on(.opened(facts))
        _ = screen.on(.cameraStarted)
        return screen
    }

    func testAStartOpensTheShelfAndThenTheCamera() {
        var screen = Screen()
        XCTAssertEqual(screen.on(.started), [.open])
        XCTAssertEqual(screen.stage, .starting)
        XCTAssertEqual(screen.on(.opened(facts)), [.startCamera])
        XCTAssertEqual(screen.stage, .looking)
    }

    func testWithoutAShelfASyncLeadsToTheCamera() {
        var screen = Screen()
        _ = screen.on(.started)
        XCTAssertEqual(screen.on(.shelfMissing(nil)), [])
        XCTAssertEqual(screen.stage, .noShelf(nil))
        XCTAssertEqual(screen.on(.syncAsked), [.sync(ifDue: false)])
        XCTAssertEqual(screen.on(.synced(7, isNew: true)), [.warmUp])
        XCTAssertEqual(screen.on(.warmedUp(facts)), [.startCamera])
        XCTAssertEqual(screen.stage, .looking)
        XCTAssertEqual(screen.sync, .done(7))
    }

    func testRefusedModelsSayWhy() {
        var screen = looking()
        XCTAssertEqual(screen.on(.modelsRefused("no embedder")), [.stopCamera])
        XCTAssertEqual(screen.stage, .noModels("no embedder"))
    }

    func testARefusedCameraIsAskedAgainWhenTheAppComesBack() {
        var screen = looking()
        XCTAssertEqual(screen.on(.cameraRefused(.notAllowed)), [])
        XCTAssertEqual(screen.stage, .noCamera(.notAllowed))
        _ = screen.on(.disappeared)
        XCTAssertEqual(screen.on(.appeared), [.startCamera])
    }

    func testWhereThereIsNoCameraNoneIsAskedFor() {
        var screen = looking()
        _ = screen.on(.cameraRefused(.none))
        _ = screen.on(.disappeared)
        XCTAssertEqual(screen.on(.appeared), [])
    }

    func testInTheBackgroundTheCameraIsOff() {
        var screen = looking()
        XCTAssertEqual(screen.on(.disappeared), [.stopCamera])
        XCTAssertEqual(screen.on(.appeared), [.startCamera])
    }

    func testATapStopsTheCameraAndSearches() {
        var screen = looking()
        XCTAssertEqual(screen.on(.tapped(4, region())), [.stopCamera, .search(4, .auto, askServer: false)])
        XCTAssertEqual(screen.chosen?.id, 4)
        XCTAssertEqual(screen.chosen?.isSearching, true)
        XCTAssertEqual(screen.chosen?.chips, ["Shirt", "Hat"], "only what the shelf has")
    }

    func testOnlyWhoAllowsItHasTheServerAsked() {
        var screen = looking(asksServer: true)
        XCTAssertEqual(screen.on(.tapped(4, region())).last, .search(4, .auto, askServer: true))
        _ = screen.on(.closed)
        _ = screen.on(.serverAllowed(false))
        XCTAssertEqual(screen.on(.tapped(4, region())).last, .search(4, .auto, askServer: false))
    }

    func testAnAnswerIsShownWhereItIsStillWanted() {
        var screen = looking()
        _ = screen.on(.tapped(4, region()))
        let hit = Hit(productId: "1", score: 0.9, title: "a", category: "Hat")
        _ = screen.on(.answered(3, region(hits: [hit]), .server))
        XCTAssertNil(screen.chosen?.region.hits, "another thing's answer")
        _ = screen.on(.answered(4, region(hits: [hit]), .server))
        XCTAssertEqual(screen.chosen?.region.hits, [hit])
        XCTAssertEqual(screen.chosen?.asked, .server)
        XCTAssertEqual(screen.chosen?.isSearching, false)
    }

    func testAnAnswerAfterClosingIsDropped() {
        var screen = looking()
        _ = screen.on(.tapped(4, region()))
        XCTAssertEqual(screen.on(.closed), [.startCamera])
        _ = screen.on(.answered(4, region(), .local))
        XCTAssertNil(screen.chosen)
    }

    func testAnotherCategoryIsSearchedWithoutTheServer() {
        var screen = looking(asksServer: true)
        _ = screen.on(.tapped(4, region()))
        _ = screen.on(.answered(4, region(), .local))
        XCTAssertEqual(
            screen.on(.categoryChosen(.named(["Hat"]))), [.search(4, .named(["Hat"]), askServer: false)])
        XCTAssertEqual(screen.on(.categoryChosen(.named(["Hat"]))), [], "it is chosen already")
    }

    func testAFailedSearchIsSaidAndTheNextAnswerClearsIt() {
        var screen = looking()
        _ = screen.on(.tapped(4, region()))
        _ = screen.on(.searchFailed(4, "damaged"))
        XCTAssertEqual(screen.problem, "damaged")
        XCTAssertEqual(screen.chosen?.isSearching, false)
        _ = screen.on(.categoryChosen(.all))
        _ = screen.on(.answered(4, region(), .local))
        XCTAssertNil(screen.problem)
    }

    func testAnOlderProblemIsNotTheNewSearchs() {
        var screen = looking()
        _ = screen.on(.rollBackFailed("there is none"))
        _ = screen.on(.tapped(4, region()))
        XCTAssertNil(screen.problem)
    }

    func testOneSyncAtATime() {
        var screen = looking()
        XCTAssertEqual(screen.on(.syncAsked), [.sync(ifDue: false)])
        XCTAssertEqual(screen.on(.syncAsked), [])
        XCTAssertEqual(screen.on(.rollBackAsked), [])
        _ = screen.on(.synced(9, isNew: true))
        XCTAssertEqual(screen.on(.syncAsked), [], "what came is being tried")
        _ = screen.on(.warmedUp(newer))
        XCTAssertEqual(screen.on(.syncAsked), [.sync(ifDue: false)])
    }

    func testASyncBeginsByItselfWhereThatIsWanted() {
        var screen = Screen(syncsItself: true)
        _ = screen.on(.started)
        XCTAssertEqual(screen.on(.opened(facts)), [.startCamera, .sync(ifDue: true)])
        XCTAssertEqual(screen.sync, .running)
        _ = screen.on(.synced(7, isNew: false))
        _ = screen.on(.disappeared)
        XCTAssertEqual(screen.on(.appeared), [.startCamera, .sync(ifDue: true)])
        XCTAssertEqual(screen.on(.disappeared), [.stopCamera])
        XCTAssertEqual(screen.on(.appeared), [.startCamera], "one is under way")
        _ = screen.on(.serverAway("no network"))
        _ = screen.on(.selfSyncWanted(false))
        _ = screen.on(.disappeared)
        XCTAssertEqual(screen.on(.appeared), [.startCamera])
    }

    func testTheFirstSyncMayBeginByItself() {
        var screen = Screen(syncsItself: true)
        _ = screen.on(.started)
        XCTAssertEqual(screen.on(.appeared), [], "the shelf is being opened")
        XCTAssertEqual(screen.on(.shelfMissing(nil)), [.sync(ifDue: true)])
    }

    func testNothingNewChangesNothing() {
        var screen = looking()
        _ = screen.on(.syncAsked)
        XCTAssertEqual(screen.on(.synced(7, isNew: false)), [])
        XCTAssertEqual(screen.shelf, facts)
        XCTAssertEqual(screen.sync, .done(7))
    }

    func testAServerThatIsAwayLeavesTheShelfAndSaysSo() {
        var screen = looking()
        _ = screen.on(.syncAsked)
        _ = screen.on(.serverAway("no network"))
        XCTAssertTrue(screen.isOffline)
        XCTAssertEqual(screen.stage, .looking)
        XCTAssertEqual(screen.shelf, facts)
        _ = screen.on(.syncAsked)
        _ = screen.on(.synced(7, isNew: false))
        XCTAssertFalse(screen.isOffline)
    }

    func testARefusedSyncIsNoOffline() {
        var screen = looking()
        _ = screen.on(.syncAsked)
        _ = screen.on(.syncRefused("forged"))
        XCTAssertEqual(screen.sync, .failed("forged"))
        XCTAssertFalse(screen.isOffline)
    }

    func testAGenerationThatFailsItsGoldenVectorIsNotTaken() {
        var screen = looking()
        _ = screen.on(.syncAsked)
        _ = screen.on(.synced(9, isNew: true))
        XCTAssertEqual(screen.sync, .warmingUp)
        XCTAssertEqual(screen.on(.warmUpFailed("not its golden vector")), [])
        XCTAssertEqual(screen.shelf, facts, "the previous stays")
        XCTAssertEqual(screen.stage, .looking)
        XCTAssertEqual(screen.sync, .failed("not its golden vector"))
    }

    func testANewGenerationWhileHitsAreShownLeavesThemThere() {
        var screen = looking()
        _ = screen.on(.tapped(4, region()))
        _ = screen.on(.syncAsked)
        _ = screen.on(.synced(9, isNew: true))
        XCTAssertEqual(screen.on(.warmedUp(newer)), [])
        XCTAssertEqual(screen.chosen?.id, 4)
        XCTAssertEqual(screen.shelf, newer)
    }

    func testBackToThePreviousShelf() {
        var screen = looking()
        XCTAssertEqual(screen.on(.rollBackAsked), [.rollBack])
        _ = screen.on(.rollBackFailed("there is none"))
        XCTAssertEqual(screen.problem, "there is none")
        _ = screen.on(.rolledBack(newer))
        XCTAssertEqual(screen.shelf, newer)
        XCTAssertNil(screen.problem)
    }

    func testAShelfIsOldAfterThreeDays() {
        XCTAssertNil(facts.staleFor(now: 1_000 + 3 * 86_400))
        XCTAssertEqual(facts.staleFor(now: 1_001 + 3 * 86_400), 3 * 86_400 + 1)
        XCTAssertNil(ShelfFacts(products: 0, sequence: 0, updated: nil, categories: []).staleFor(now: 1e10))
    }

    private func found(_ regions: [Region]) -> PhotoAnswer {
        let encoded = EncodedRegion(
            detection: Detection(box: Box(0, 0, 1, 1), group: "upper", score: 1),
            embedding: Embedding(vector: [1], categories: Probabilities(names: [], values: []), attributes: [:]),
            heads: [], colours: nil)
        return PhotoAnswer(
            width: 30, height: 40,
            regions: regions.map { RegionAnswer(region: $0, encoded: encoded, recall: nil, asked: .unavailable) })
    }

    func testAPhotoTakesTheCamerasPlaceUntilItIsClosed() {
        var screen = looking(asksServer: true)
        let hit = Hit(productId: "1", score: 0.9, title: "a", category: "Hat")
        XCTAssertEqual(
            screen.on(.photoChosen(3, whole: false)), [.stopCamera, .searchPhoto(3, whole: false, askServer: true)])
        XCTAssertEqual(screen.still?.number, 3)
        XCTAssertNil(screen.still?.found)
        _ = screen.on(.photoAnswered(2, found([region()])))
        XCTAssertNil(screen.still?.found, "another photo's answer")
        XCTAssertEqual(screen.on(.photoAnswered(3, found([region(hits: [hit]), region(["Hat"])]))), [])
        XCTAssertEqual(screen.chosen?.region.hits, [hit], "the most prominent region is opened")
        XCTAssertEqual(screen.chosen?.asked, .unavailable)
        XCTAssertEqual(screen.chosen?.isSearching, false)
        XCTAssertEqual(screen.on(.closed), [], "the photo stays")
        XCTAssertEqual(screen.on(.tapped(Chosen.number(ofPlace: 1), region(["Hat"]))), [])
        XCTAssertEqual(screen.chosen?.chips, ["Hat"])
        let number = Chosen.number(ofPlace: 1)
        XCTAssertEqual(screen.on(.categoryChosen(.all)), [.search(number, .all, askServer: false)])
        _ = screen.on(.answered(number, region(hits: [hit]), .local))
        XCTAssertEqual(screen.chosen?.region.hits, [hit])
        XCTAssertEqual(screen.on(.photoClosed), [.startCamera])
        XCTAssertNil(screen.still)
        XCTAssertNil(screen.chosen)
    }

    func testAPhotoThatWasLeftIsNotShownAndItsFailureNotSaid() {
        var screen = looking()
        _ = screen.on(.photoChosen(1, whole: true))
        XCTAssertEqual(screen.on(.photoClosed), [.startCamera])
        _ = screen.on(.photoAnswered(1, found([region()])))
        _ = screen.on(.photoFailed(1, "damaged"))
        XCTAssertNil(screen.still)
        XCTAssertNil(screen.chosen)
        XCTAssertNil(screen.problem)
        XCTAssertEqual(screen.on(.photoClosed), [])
    }

    func testAPhotoThatCannotBeReadLeadsBackToTheCamera() {
        var screen = looking()
        _ = screen.on(.photoChosen(1, whole: false))
        XCTAssertEqual(screen.on(.photoFailed(1, "damaged")), [.startCamera])
        XCTAssertNil(screen.still)
        XCTAssertEqual(screen.problem, "damaged")
    }

    func testWithoutACameraPhotosAreSearched() {
        var screen = looking()
        _ = screen.on(.cameraRefused(.none))
        XCTAssertEqual(
            screen.on(.photoChosen(1, whole: false)), [.searchPhoto(1, whole: false, askServer: false)])
        _ = screen.on(.photoAnswered(1, found([region()])))
        XCTAssertEqual(screen.chosen?.id, Chosen.number(ofPlace: 0))
        XCTAssertEqual(screen.on(.photoClosed), [])
        XCTAssertEqual(screen.stage, .noCamera(.none))
    }

    func testOverAPhotoTheCameraStaysOff() {
        var screen = looking()
        _ = screen.on(.photoChosen(1, whole: false))
        _ = screen.on(.disappeared)
        XCTAssertEqual(screen.on(.appeared), [])
        XCTAssertEqual(screen.on(.cameraStarted), [.stopCamera], "it was started before the photo was chosen")
        XCTAssertEqual(screen.on(.opened(newer)), [], "the settings were left")
        XCTAssertEqual(screen.still?.number, 1)
        _ = screen.on(.shelfMissing("damaged"))
        XCTAssertNil(screen.still)
    }

    func testWithoutAShelfNoPhotoIsSearched() {
        var screen = Screen()
        _ = screen.on(.started)
        _ = screen.on(.shelfMissing(nil))
        XCTAssertEqual(screen.on(.photoChosen(1, whole: false)), [])
        XCTAssertNil(screen.still)
    }

    func testATapThatComesWhileThereIsNoCameraIsNothing() {
        var screen = Screen()
        _ = screen.on(.started)
        XCTAssertEqual(screen.on(.tapped(1, region())), [])
        XCTAssertNil(screen.chosen)
    }
}
