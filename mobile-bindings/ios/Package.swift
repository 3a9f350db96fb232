// swift-tools-version: 6.0
import PackageDescription

// The package for apps: `cargo xtask package ios` lays this beside the XCFramework and the Swift
// face. In Xcode: Add Package Dependencies, Add Local.
let package = Package(
    name: "Vanguard",
    platforms: [.iOS(.v15)],
    products: [.library(name: "Vanguard", targets: ["Vanguard"])],
    targets: [
        .binaryTarget(name: "VanguardFFI", path: "VanguardFFI.xcframework"),
        .target(
            name: "Vanguard",
            dependencies: ["VanguardFFI"],
            // What uniffi generates is of language mode 5; whoever calls it is free.
            swiftSettings: [.swiftLanguageMode(.v5)],
            // A static library does not say itself what of the system it calls.
            linkerSettings: [.linkedFramework("CoreFoundation"), .linkedFramework("Security")]
        ),
    ]
)
