import AVFoundation
import Foundation
import PocketshelfCore

/// The camera of the back: upright frames of 640 x 480 for the detector, the newest only.
///
/// A frame is handed over on `queue`, which is also where it is looked at. While that lasts AVFoundation throws late
/// frames away, so that the next one is always the newest, and nothing piles up.
final class Camera: NSObject, AVCaptureVideoDataOutputSampleBufferDelegate, @unchecked Sendable {
    /// Boxes are drawn this often at most; more would only warm the phone.
    static let framesPerSecond = 8.0

    let session = AVCaptureSession()
    private let queue: DispatchQueue
    private var throttle = Throttle(perSecond: Camera.framesPerSecond)
    private var onFrame: (@Sendable (Photo) -> Void)?

    /// - Parameter queue: serial; frames come on it.
    init(queue: DispatchQueue) {
        self.queue = queue
    }

    /// Ask for permission once, and show `onFrame` what the camera sees, on the queue.
    ///
    /// - Returns: why there are no pictures; nil where there are.
    func start(_ onFrame: @escaping @Sendable (Photo) -> Void) async -> Screen.CameraRefusal? {
        guard await AVCaptureDevice.requestAccess(for: .video) else { return .notAllowed }
        return await withCheckedContinuation { (done: CheckedContinuation<Screen.CameraRefusal?, Never>) in
            queue.async {
                self.onFrame = onFrame
                done.resume(returning: self.configure() ? nil : Screen.CameraRefusal.none)
            }
        }
    }

    /// Stop looking; the preview freezes.
    func stop() {
        queue.async { if self.session.isRunning { self.session.stopRunning() } }
    }

    /// Whether the camera runs.
    private func configure() -> Bool {
        if session.inputs.isEmpty {
            guard let device = AVCaptureDevice.default(.builtInWideAngleCamera, for: .video, position: .back),
                let input = try? AVCaptureDeviceInput(device: device), session.canAddInput(input)
            else { return false }
            let output = AVCaptureVideoDataOutput()
            output.alwaysDiscardsLateVideoFrames = true
            output.videoSettings = [kCVPixelBufferPixelFormatTypeKey as String: kCVPixelFormatType_32BGRA]
            output.setSampleBufferDelegate(self, queue: queue)
            session.beginConfiguration()
            session.sessionPreset = .vga640x480
            session.addInput(input)
            if session.canAddOutput(output) { session.addOutput(output) }
            if let connection = output.connection(with: .video),
                connection.isVideoRotationAngleSupported(Self.upright)
            {
                connection.videoRotationAngle = Self.upright
            }
            session.commitConfiguration()
        }
        if !session.isRunning { session.startRunning() }
        return true
    }

    func captureOutput(
        _ output: AVCaptureOutput, didOutput sampleBuffer: CMSampleBuffer, from connection: AVCaptureConnection
    ) {
        guard throttle.lets(at: ProcessInfo.processInfo.systemUptime),
            let frame = CMSampleBufferGetImageBuffer(sampleBuffer), let photo = PixelBuffers.rgb(of: frame)
        else { return }
        onFrame?(photo)
    }

    /// Degrees that turn the sensor's picture upright; the app is used in portrait.
    private static let upright = 90.0
}
