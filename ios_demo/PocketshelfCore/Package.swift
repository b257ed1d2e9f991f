// swift-tools-version:5.9
// The core of Pocketshelf for Apple's systems: no third-party libraries, no screens.
// On Linux, where its tests run, libsodium takes the place of CryptoKit.
import PackageDescription

let package = Package(
    name: "PocketshelfCore",
    platforms: [.iOS(.v16), .macOS(.v13)],
    products: [
        .library(name: "PocketshelfCore", targets: ["PocketshelfCore"]),
        .executable(name: "pocketshelf-core", targets: ["pocketshelf-core"]),
    ],
    targets: [
        .systemLibrary(name: "CSQLite", providers: [.apt(["libsqlite3-dev"])]),
        .systemLibrary(name: "CZlib", providers: [.apt(["zlib1g-dev"])]),
        .systemLibrary(name: "CSodium", providers: [.apt(["libsodium-dev"])]),
        // Our own scan of int8 vectors: C, for its instructions differ from processor to processor.
        .target(name: "CScan"),
        // USearch by dlopen: nothing is linked.
        .target(name: "CUSearch"),
        .target(
            name: "PocketshelfCore",
            dependencies: [
                "CScan", "CSQLite", "CUSearch", "CZlib",
                .target(name: "CSodium", condition: .when(platforms: [.linux])),
            ]
        ),
        // LiteRT by dlopen, for the command line alone.
        .target(name: "CLiteRt"),
        .executableTarget(name: "pocketshelf-core", dependencies: ["CLiteRt", "CScan", "PocketshelfCore"]),
        .testTarget(name: "PocketshelfCoreTests", dependencies: ["CScan", "PocketshelfCore"]),
    ]
)
