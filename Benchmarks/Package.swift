// swift-tools-version: 6.2
import PackageDescription

// Measures the release programs from outside, and the SQL lexer from inside. `make bench` builds and runs it.

let package = Package(
    name: "sluice-benchmarks",
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
        .package(name: "sluice", path: ".."),
    ],
    targets: [
        .executableTarget(
            name: "Benchmarks",
            dependencies: [
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "SQLExecutor", package: "sluice"),
            ],
            swiftSettings: [.swiftLanguageMode(.v6), .treatAllWarnings(as: .error)])
    ]
)
