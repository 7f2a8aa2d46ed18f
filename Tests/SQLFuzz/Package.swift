// swift-tools-version: 6.2
import PackageDescription

// A package of its own, so that nobody builds it by the way. README.md says how to run it.
let package = Package(
    name: "sql-fuzz",
    dependencies: [.package(name: "sluice", path: "../..")],
    targets: [
        .executableTarget(
            name: "SQLFuzz",
            dependencies: [
                .product(name: "SluiceCore", package: "sluice"), .product(name: "SQLExecutor", package: "sluice"),
            ],
            // libFuzzer brings the entry point along.
            swiftSettings: [
                .swiftLanguageMode(.v6), .treatAllWarnings(as: .error), .unsafeFlags(["-parse-as-library"]),
            ])
    ]
)
