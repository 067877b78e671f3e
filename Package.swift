// swift-tools-version: 6.1
import PackageDescription

// The inference half stands alone: `HEADGATE_ONLY=inference swift build` needs no outside package.
let inferenceOnly = Context.environment["HEADGATE_ONLY"] == "inference"

let inferenceTargets: [Target] = [
  .target(name: "HeadgateKernels"),
  .target(name: "HeadgateTensors", dependencies: ["HeadgateKernels"]),
  .target(name: "HeadgateOperators", dependencies: ["HeadgateTensors", "HeadgateKernels"]),
  .target(name: "HeadgateRuntime", dependencies: ["HeadgateOperators", "HeadgateTensors"]),
  .testTarget(name: "HeadgateTensorsTests", dependencies: ["HeadgateTensors"]),
  .testTarget(name: "HeadgateOperatorsTests", dependencies: ["HeadgateOperators", "HeadgateTensors"]),
  .testTarget(name: "HeadgateRuntimeTests", dependencies: ["HeadgateRuntime", "HeadgateTensors"]),
]

let deploymentTargets: [Target] = [
  .systemLibrary(name: "CLibGit2", pkgConfig: "libgit2", providers: [.apt(["libgit2-dev"])]),
  .systemLibrary(name: "CLibYAML", pkgConfig: "yaml-0.1", providers: [.apt(["libyaml-dev"])]),
  .target(name: "CSpawn"),
  .target(name: "Statistics"),
  .target(name: "Domain", dependencies: [.product(name: "Crypto", package: "swift-crypto")]),
  .target(name: "Processes", dependencies: ["CSpawn"]),
  .target(name: "Datasets", dependencies: ["Domain"]),
  .target(name: "Repositories", dependencies: ["Domain", "Processes", "CLibGit2"]),
  .target(name: "Specs", dependencies: ["Domain", "CLibYAML"]),
  .target(name: "Store", dependencies: ["Domain", .product(name: "GRDB", package: "GRDB.swift")]),
  .target(name: "Building", dependencies: ["Domain", "Processes"]),
  .target(name: "Provenance", dependencies: ["Domain"]),
  .target(name: "Gates", dependencies: ["Domain", "HeadgateRuntime", "Statistics", "Datasets"]),
  .target(name: "Reconciling", dependencies: ["Domain", "Statistics"]),
  .target(
    name: "Connections",
    dependencies: [
      .product(name: "NIOCore", package: "swift-nio"), .product(name: "NIOPosix", package: "swift-nio"),
      .product(name: "NIOHTTP1", package: "swift-nio"),
    ]),
  .target(
    name: "Serving",
    dependencies: ["Domain", "HeadgateRuntime", .product(name: "Hummingbird", package: "hummingbird")]),
  .target(name: "Targets", dependencies: ["Domain", "Connections", "Processes"]),
  .target(name: "LoadTesting", dependencies: ["Domain", "Connections"]),
  .target(
    name: "Control",
    dependencies: ["Domain", .product(name: "Hummingbird", package: "hummingbird")]),
  .executableTarget(
    name: "headgate",
    dependencies: [
      "Building", "Connections", "Control", "Datasets", "Domain", "Gates", "HeadgateRuntime", "LoadTesting", "Processes",
      "Provenance", "Reconciling", "Repositories", "Serving", "Specs", "Store", "Targets",
      .product(name: "ArgumentParser", package: "swift-argument-parser"),
    ]),
  .target(name: "TestSupport", dependencies: ["Domain", "Reconciling"]),
  .testTarget(name: "StatisticsTests", dependencies: ["Statistics"]),
  .testTarget(name: "ProcessesTests", dependencies: ["Processes"]),
  .testTarget(name: "DatasetsTests", dependencies: ["Datasets"]),
  .testTarget(name: "RepositoriesTests", dependencies: ["Repositories"]),
  .testTarget(name: "SpecsTests", dependencies: ["Specs"]),
  .testTarget(name: "StoreTests", dependencies: ["Store", "TestSupport"]),
  .testTarget(name: "BuildingTests", dependencies: ["Building"]),
  .testTarget(name: "ProvenanceTests", dependencies: ["Provenance"]),
  .testTarget(name: "GatesTests", dependencies: ["Gates"]),
  .testTarget(name: "ReconcilingTests", dependencies: ["Reconciling", "TestSupport"]),
  .testTarget(name: "ServingTests", dependencies: ["Serving", "Connections", "Provenance"]),
]

let package = Package(
  name: "headgate",
  products: [.library(name: "HeadgateRuntime", targets: ["HeadgateRuntime"])]
    + (inferenceOnly ? [] : [.executable(name: "headgate", targets: ["headgate"])]),
  dependencies: inferenceOnly
    ? []
    : [
      .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
      .package(url: "https://github.com/apple/swift-crypto", exact: "4.5.2"),
      .package(url: "https://github.com/apple/swift-nio", exact: "2.101.2"),
      .package(url: "https://github.com/groue/GRDB.swift", exact: "7.10.0"),
      .package(url: "https://github.com/hummingbird-project/hummingbird", exact: "2.28.1"),
    ],
  targets: inferenceTargets + (inferenceOnly ? [] : deploymentTargets),
  swiftLanguageModes: [.v6])
