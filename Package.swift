// swift-tools-version: 6.1
import PackageDescription

// The inference half stands alone: `HEADGATE_ONLY=inference swift build` needs no outside package.
let inferenceOnly = Context.environment["HEADGATE_ONLY"] == "inference"

let inferenceTargets: [Target] = [
  .target(name: "HeadgateArchives"),
  .target(name: "CAllocationCount"),
  .target(name: "HeadgateKernels"),
  .target(name: "HeadgateTensors", dependencies: ["HeadgateKernels"]),
  .target(name: "HeadgateOperators", dependencies: ["HeadgateArchives", "HeadgateTensors"]),
  .target(name: "HeadgateRuntime", dependencies: ["HeadgateArchives", "HeadgateOperators", "HeadgateTensors"]),
  .testTarget(name: "HeadgateArchivesTests", dependencies: ["HeadgateArchives"]),
  .testTarget(name: "HeadgateTensorsTests", dependencies: ["HeadgateTensors"]),
  .testTarget(name: "HeadgateOperatorsTests", dependencies: ["HeadgateOperators", "HeadgateTensors"]),
  .testTarget(
    name: "HeadgateRuntimeTests",
    dependencies: ["CAllocationCount", "HeadgateRuntime", "HeadgateOperators", "HeadgateTensors"],
    exclude: ["Conformance"]),
]

let argumentParser = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let hummingbirdCore = Target.Dependency.product(name: "HummingbirdCore", package: "hummingbird")
let httpTypes = Target.Dependency.product(name: "HTTPTypes", package: "swift-http-types")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let nioCore = Target.Dependency.product(name: "NIOCore", package: "swift-nio")
let nioHTTP1 = Target.Dependency.product(name: "NIOHTTP1", package: "swift-nio")
let nioPosix = Target.Dependency.product(name: "NIOPosix", package: "swift-nio")

let deploymentTargets: [Target] = [
  // libgit2-dev depends on libssl-dev.
  .systemLibrary(name: "CLibCrypto", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
  .systemLibrary(name: "CLibGit2", pkgConfig: "libgit2", providers: [.apt(["libgit2-dev"])]),
  .systemLibrary(name: "CLibSQLite", pkgConfig: "sqlite3", providers: [.apt(["libsqlite3-dev"])]),
  .systemLibrary(name: "CLibYAML", pkgConfig: "yaml-0.1", providers: [.apt(["libyaml-dev"])]),
  .target(name: "CSpawn"),
  .target(name: "Statistics"),
  .target(name: "Domain", dependencies: ["CLibCrypto"]),
  .target(name: "Processes", dependencies: ["CSpawn"]),
  .target(name: "Datasets", dependencies: ["Domain"]),
  .target(name: "Repositories", dependencies: ["Domain", "Processes", "CLibGit2"]),
  .target(name: "Specs", dependencies: ["Domain", "CLibYAML"]),
  .target(name: "Store", dependencies: ["Domain", "CLibSQLite"]),
  .target(name: "Building", dependencies: ["Domain", "Processes"]),
  .target(name: "Provenance", dependencies: ["Domain", "HeadgateArchives"]),
  .target(name: "Gates", dependencies: ["Domain", "HeadgateRuntime", "HeadgateTensors", "Statistics", "Datasets"]),
  .target(name: "Reconciling", dependencies: ["Domain"]),
  .target(name: "Connections", dependencies: [nioCore, nioPosix, nioHTTP1]),
  .target(
    name: "Serving",
    dependencies: [
      "Domain", "HeadgateRuntime", "HeadgateTensors", hummingbirdCore, httpTypes, logging, nioCore, nioPosix,
    ]),
  .target(name: "Targets", dependencies: ["Domain", "Connections", "Processes"]),
  .target(name: "LoadTesting", dependencies: ["Domain", "Connections", "Datasets"]),
  .target(
    name: "Control",
    dependencies: ["Domain", "Reconciling", hummingbirdCore, httpTypes, logging, nioCore, nioPosix]),
  .executableTarget(
    name: "headgate",
    dependencies: [
      "Building", "Connections", "Control", "Datasets", "Domain", "Gates", "HeadgateRuntime", "LoadTesting",
      "Processes", "Provenance", "Reconciling", "Repositories", "Serving", "Specs", "Store", "Targets", argumentParser,
      logging,
    ]),
  .target(name: "TestSupport", dependencies: ["Domain", "Reconciling"]),
  .testTarget(name: "ArchitectureTests"),
  .testTarget(name: "EndToEndTests", dependencies: ["TestSupport"]),
  .testTarget(name: "BuildingTests", dependencies: ["Building", "Domain"]),
  .testTarget(name: "DomainTests", dependencies: ["Domain"]),
  .testTarget(name: "DatasetsTests", dependencies: ["Datasets", "Domain"], exclude: ["Fixtures"]),
  .testTarget(
    name: "GatesTests",
    dependencies: [
      "Gates", "Datasets", "Domain", "HeadgateRuntime", "HeadgateTensors", "Provenance", "Statistics",
    ],
    exclude: ["Fixtures"]),
  .testTarget(name: "ConnectionsTests", dependencies: ["Connections", nioCore, nioPosix]),
  .testTarget(name: "LoadTestingTests", dependencies: ["LoadTesting", "Connections", "Domain", "Serving", logging]),
  .testTarget(name: "ProvenanceTests", dependencies: ["Provenance", "Domain"]),
  .testTarget(name: "TargetsTests", dependencies: ["Targets", "Connections", "Domain", "Serving", logging]),
  .testTarget(name: "ProcessesTests", dependencies: ["Processes"]),
  .testTarget(name: "ReconcilingTests", dependencies: ["Reconciling", "Domain", "TestSupport"]),
  .testTarget(name: "RepositoriesTests", dependencies: ["Repositories", "Domain", "Processes"]),
  .testTarget(
    name: "ServingTests", dependencies: ["Serving", "Connections", "Domain", "Provenance", "TestSupport", logging]),
  .testTarget(name: "SpecsTests", dependencies: ["Specs", "Domain"], exclude: ["Golden"]),
  .testTarget(name: "StatisticsTests", dependencies: ["Statistics"]),
  .testTarget(name: "StoreTests", dependencies: ["Store", "Domain", "TestSupport"]),
]

let package = Package(
  name: "headgate",
  products: [.library(name: "HeadgateRuntime", targets: ["HeadgateRuntime"])]
    + (inferenceOnly ? [] : [.executable(name: "headgate", targets: ["headgate"])]),
  dependencies: inferenceOnly
    ? []
    : [
      .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
      .package(url: "https://github.com/apple/swift-http-types", exact: "1.8.0"),
      .package(url: "https://github.com/apple/swift-log", exact: "1.16.2"),
      .package(url: "https://github.com/apple/swift-nio", exact: "2.101.2"),
      .package(url: "https://github.com/hummingbird-project/hummingbird", exact: "2.28.1", traits: []),
    ],
  targets: inferenceTargets + (inferenceOnly ? [] : deploymentTargets),
  swiftLanguageModes: [.v6])
