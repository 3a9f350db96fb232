// swift-tools-version: 6.0
import PackageDescription

// Where cargo has put the library; apps get it as an XCFramework instead, made by
// `cargo xtask package ios`.
let build = Context.environment["VANGUARD_BUILD"] ?? Context.packageDirectory + "/../../target/debug"
let framework = Context.environment["VANGUARD_XCFRAMEWORK"]

let package = Package(
    name: "Vanguard",
    platforms: [.iOS(.v15), .macOS(.v12)],
    products: [.library(name: "Vanguard", targets: ["Vanguard"])],
    targets: [
        framework.map { .binaryTarget(name: "VanguardFFI", path: $0) }
            ?? .systemLibrary(name: "VanguardFFI", path: "Generated/VanguardFFI"),
        .target(
            name: "Vanguard",
            dependencies: ["VanguardFFI"],
            path: "Generated",
            exclude: ["VanguardFFI"],
            sources: ["Vanguard.swift"],
            // What uniffi generates is of language mode 5; whoever calls it is free.
            swiftSettings: [.swiftLanguageMode(.v5)],
            linkerSettings: framework == nil
                ? [
                    .unsafeFlags(["-L\(build)", "-Xlinker", "-rpath", "-Xlinker", build]),
                    .linkedLibrary("vanguard_mobile"),
                ] : []
        ),
        .target(name: "FieldApp", dependencies: ["Vanguard"]),
        .executableTarget(name: "field-app", dependencies: ["FieldApp"]),
        .executableTarget(name: "Worker", dependencies: ["Vanguard"], path: "Tests/Worker"),
        .testTarget(name: "VanguardTests", dependencies: ["FieldApp", "Vanguard", "Worker"]),
    ]
)
