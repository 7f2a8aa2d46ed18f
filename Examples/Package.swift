// swift-tools-version: 6.2
import PackageDescription

// Apps that embed Sluice, each small enough to read in one go. `make test` builds and runs them.

let swift: [SwiftSetting] = [.swiftLanguageMode(.v6), .treatAllWarnings(as: .error)]

let package = Package(
    name: "sluice-examples",
    dependencies: [
        .package(name: "sluice", path: "..")
    ],
    targets: [
        .executableTarget(
            name: "HostApp",
            dependencies: [
                .product(name: "Sluice", package: "sluice"),
                .product(name: "SQLExecutor", package: "sluice"),
                .product(name: "PythonExecutor", package: "sluice"),
                // The program that hosts CPython: built along with the app, found beside it.
                .product(name: "sluice-python", package: "sluice"),
            ],
            resources: [.copy("Scripts")],
            swiftSettings: swift),
        .testTarget(
            name: "HostAppTests",
            dependencies: [
                "HostApp", .product(name: "Sluice", package: "sluice"),
                .product(name: "SluiceTesting", package: "sluice"),
            ],
            swiftSettings: swift),
    ]
)
