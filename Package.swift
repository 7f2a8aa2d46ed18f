// swift-tools-version: 6.2
import PackageDescription

// The table of targets, with what each may import, stands in CONTRIBUTING.md; a test holds this file against it.

let swift: [SwiftSetting] = [.swiftLanguageMode(.v6), .treatAllWarnings(as: .error)]
let c: [CSetting] = [.enableWarning("all"), .enableWarning("extra"), .treatAllWarnings(as: .error)]

let argumentParser: Target.Dependency = .product(name: "ArgumentParser", package: "swift-argument-parser")
let crypto: Target.Dependency = .product(name: "Crypto", package: "swift-crypto")
let grdb: Target.Dependency = .product(name: "GRDB", package: "GRDB.swift")
let lifecycle: Target.Dependency = .product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let logging: Target.Dependency = .product(name: "Logging", package: "swift-log")
let nio: Target.Dependency = .product(name: "NIOCore", package: "swift-nio")
let nioPosix: Target.Dependency = .product(name: "NIOPosix", package: "swift-nio")

let package = Package(
    name: "sluice",
    products: [
        .library(name: "Sluice", targets: ["Sluice"]),
        .library(name: "SluiceCore", targets: ["SluiceCore"]),
        .library(name: "SQLExecutor", targets: ["SQLExecutor"]),
        .library(name: "PythonExecutor", targets: ["PythonExecutor"]),
        .library(name: "SluiceTesting", targets: ["SluiceTesting"]),
        .executable(name: "sluice", targets: ["SluiceCLI"]),
        .executable(name: "sluice-python", targets: ["PythonWorker"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.0"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.100.0"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.11.0"),
    ],
    targets: [
        // Vocabulary and rules.
        .target(name: "SluiceCore", dependencies: [crypto, logging], swiftSettings: swift),

        // The house.
        .target(name: "SluiceEngine", dependencies: ["SluiceCore", logging], swiftSettings: swift),
        .target(name: "SluiceStore", dependencies: ["SluiceCore", grdb], swiftSettings: swift),
        .target(name: "SluiceCatalogue", dependencies: ["SluiceCore"], swiftSettings: swift),
        .target(
            name: "Sluice", dependencies: ["SluiceCore", "SluiceEngine", "SluiceStore", "SluiceCatalogue"],
            swiftSettings: swift),
        .target(
            name: "SluiceServer",
            dependencies: ["SluiceCore", "SluiceEngine", "SluiceCatalogue", lifecycle, logging, nio, nioPosix],
            swiftSettings: swift),
        .executableTarget(
            name: "SluiceCLI",
            dependencies: [
                "Sluice", "SluiceServer", "SQLExecutor", "PythonExecutor", argumentParser, lifecycle, logging,
            ],
            swiftSettings: swift),
        .target(name: "SluiceTesting", dependencies: ["SluiceCore"], swiftSettings: swift),

        // Script types.
        .target(
            name: "SQLExecutor", dependencies: ["SluiceCore", "CSQLite"], path: "Plugins/SQLExecutor",
            swiftSettings: swift),
        .target(
            name: "PythonExecutor", dependencies: ["SluiceCore", "CPythonLink"],
            path: "Plugins/PythonExecutor/Executor", swiftSettings: swift),
        .target(name: "CPythonLink", path: "Plugins/PythonExecutor/Link", cSettings: c),
        .executableTarget(
            name: "PythonWorker", dependencies: ["CPython", "CSQLite"], path: "Plugins/PythonExecutor/Worker",
            exclude: ["bootstrap.py", "databases.py", "inspector.py", "sluice.py"], cSettings: c),

        // System libraries.
        .systemLibrary(
            name: "CSQLite", path: "Sources/CSQLite", pkgConfig: "sqlite3", providers: [.apt(["libsqlite3-dev"])]),
        .systemLibrary(
            name: "CPython", path: "Sources/CPython", pkgConfig: "python3-embed",
            providers: [.apt(["libpython3-dev"])]),

        // Tests.
        .testTarget(name: "SluiceCoreTests", dependencies: ["SluiceCore"], swiftSettings: swift),
        .testTarget(
            name: "SluiceEngineTests", dependencies: ["SluiceCore", "SluiceEngine", "SluiceStore", "SluiceTesting"],
            swiftSettings: swift),
        .testTarget(
            name: "SluiceStoreTests", dependencies: ["SluiceCore", "SluiceStore", "SluiceTesting", grdb],
            swiftSettings: swift),
        .testTarget(
            name: "SluiceCatalogueTests",
            dependencies: ["SluiceCore", "SluiceCatalogue", "SluiceStore", "SluiceTesting"], swiftSettings: swift),
        .testTarget(
            name: "SluiceServerTests",
            dependencies: ["SluiceCore", "SluiceEngine", "SluiceServer", "SluiceStore", "SluiceTesting"],
            swiftSettings: swift),
        .testTarget(
            name: "SQLExecutorTests", dependencies: ["SluiceCore", "SQLExecutor", "SluiceTesting", "CSQLite"],
            swiftSettings: swift),
        .testTarget(
            name: "PythonExecutorTests",
            dependencies: ["SluiceCore", "PythonExecutor", "PythonWorker", "SluiceTesting"], swiftSettings: swift),
        .testTarget(
            name: "SluiceCLITests", dependencies: ["SluiceCLI", "PythonWorker", "Sluice", "SluiceTesting"],
            swiftSettings: swift),
        .testTarget(name: "HouseTests", dependencies: ["SluiceCore", "SluiceCLI"], swiftSettings: swift),
    ]
)
