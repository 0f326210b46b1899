// swift-tools-version: 6.2
import PackageDescription

/// Every Swift target is held to the same rules: complete concurrency checking, unsafe uses marked, no warning tolerated.
let strict: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
  .enableUpcomingFeature("InferIsolatedConformances"),
  .strictMemorySafety(),
  .treatAllWarnings(as: .error),
]

/// Asked of the environment, not of git: the package manager keeps what it has once read there, and it would go stale.
let commit = Context.environment["SWITCHER_COMMIT"] ?? "unknown"

// The arrows between the modules: data flows from the top of this list to its end, and never back.
let package = Package(
  name: "switcher",
  products: [.executable(name: "switcher", targets: ["Server"])],
  targets: [
    .target(name: "Core", swiftSettings: strict),
    .target(name: "Metrics", swiftSettings: strict),
    .target(name: "Policies", dependencies: ["Core"], swiftSettings: strict),
    .target(name: "CLinux"),
    .target(name: "CBuild", cSettings: [.define("SWITCHER_COMMIT", to: "\"\(commit)\"")]),
    .target(name: "HTTP", dependencies: ["Core", "CLinux"], swiftSettings: strict),
    .target(name: "Backends", dependencies: ["Core", "CLinux", "HTTP"], swiftSettings: strict),
    .target(name: "Switcher", dependencies: ["Core", "Policies", "Metrics"], swiftSettings: strict),
    .executableTarget(
      name: "Server",
      dependencies: ["Core", "Metrics", "Policies", "CLinux", "CBuild", "HTTP", "Backends", "Switcher"],
      swiftSettings: strict),

    .target(name: "TestSupport", dependencies: ["Core", "HTTP"], path: "Tests/Support", swiftSettings: strict),
    .testTarget(name: "CoreTests", dependencies: ["Core", "TestSupport"], swiftSettings: strict),
    .testTarget(name: "MetricsTests", dependencies: ["Metrics", "TestSupport"], swiftSettings: strict),
    .executableTarget(
      name: "MetricsBench", dependencies: ["Metrics"], path: "Tests/MetricsBench", swiftSettings: strict),
    .testTarget(name: "PoliciesTests", dependencies: ["Policies", "Core", "TestSupport"], swiftSettings: strict),
    .testTarget(name: "HTTPTests", dependencies: ["HTTP", "Core", "CLinux", "TestSupport"], swiftSettings: strict),
    .testTarget(
      name: "BackendsTests", dependencies: ["Backends", "HTTP", "Core", "TestSupport"], swiftSettings: strict),
    .testTarget(
      name: "SwitcherTests", dependencies: ["Switcher", "Policies", "Metrics", "Core", "TestSupport"],
      swiftSettings: strict),
    .testTarget(
      name: "ServerTests",
      dependencies: ["Server", "Switcher", "Backends", "HTTP", "Policies", "Metrics", "Core", "TestSupport"],
      exclude: ["Golden"],
      swiftSettings: strict),
  ]
)
