import XCTest

@testable import PocketshelfCore

/// A box of the camera's frame lies on the preview where the thing is.
final class PreviewFitTests: XCTestCase {
    func testAFrameOfTheSameShapeIsOnlyScaled() {
        let fit = PreviewFit(frameWidth: 480, frameHeight: 640, viewWidth: 240, viewHeight: 320)
        XCTAssertEqual(fit.place(Box(100, 200, 40, 60)), .init(x: 50, y: 100, width: 20, height: 30))
    }

    func testATallScreenCutsTheFrameAtItsSides() {
        let fit = PreviewFit(frameWidth: 480, frameHeight: 640, viewWidth: 320, viewHeight: 640)
        XCTAssertEqual(fit.scale, 1)
        XCTAssertEqual(fit.cutLeft, 80)
        XCTAssertEqual(fit.place(Box(80, 0, 320, 640)), .init(x: 0, y: 0, width: 320, height: 640))
        XCTAssertEqual(fit.place(Box(200, 100, 50, 50)), .init(x: 120, y: 100, width: 50, height: 50))
    }

    func testAWideScreenCutsTheFrameAboveAndBelow() {
        let fit = PreviewFit(frameWidth: 480, frameHeight: 640, viewWidth: 960, viewHeight: 640)
        XCTAssertEqual(fit.scale, 2)
        XCTAssertEqual(fit.cutTop, 320)
        XCTAssertEqual(fit.place(Box(0, 160, 10, 20)), .init(x: 0, y: 0, width: 20, height: 40))
    }

    func testWhatLiesOutsideTheViewIsCut() {
        let fit = PreviewFit(frameWidth: 480, frameHeight: 640, viewWidth: 320, viewHeight: 640)
        XCTAssertEqual(fit.place(Box(0, 0, 100, 100)), .init(x: 0, y: 0, width: 20, height: 100))
        XCTAssertEqual(fit.place(Box(0, 0, 50, 50)).width, 0)
    }

    func testAPhotoIsSeenWholeWithBandsBesideIt() {
        let fit = PreviewFit(frameWidth: 400, frameHeight: 400, viewWidth: 200, viewHeight: 600, fills: false)
        XCTAssertEqual(fit.scale, 0.5)
        XCTAssertEqual(fit.cutTop, -200)
        XCTAssertEqual(fit.place(Box(0, 0, 400, 400)), .init(x: 0, y: 200, width: 200, height: 200))
        XCTAssertEqual(fit.place(Box(100, 200, 40, 20)), .init(x: 50, y: 300, width: 20, height: 10))
    }

    func testAViewWithoutSizeHoldsNothing() {
        let fit = PreviewFit(frameWidth: 480, frameHeight: 640, viewWidth: 0, viewHeight: 0)
        XCTAssertEqual(fit.place(Box(10, 10, 100, 100)), .init(x: 0, y: 0, width: 0, height: 0))
    }

    func testAThrottleLetsSoManyThrough() {
        var throttle = Throttle(perSecond: 8)
        let passed = (0..<240).filter { throttle.lets(at: Double($0) / 30) }
        // Eight seconds of a camera's thirty frames: every fourth, since three of them are less than an eighth.
        XCTAssertEqual(passed.count, 60)
        XCTAssertEqual(Array(passed.prefix(3)), [0, 4, 8])
    }

    func testAThrottleIsOpenAfterAPause() {
        var throttle = Throttle(perSecond: 2)
        XCTAssertTrue(throttle.lets(at: 0))
        XCTAssertFalse(throttle.lets(at: 0.4))
        XCTAssertTrue(throttle.lets(at: 100))
        XCTAssertFalse(throttle.lets(at: 100.49))
        XCTAssertTrue(throttle.lets(at: 100.5))
    }
}
