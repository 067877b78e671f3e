import Domain
import Foundation
import Testing

@testable import Provenance

@Suite struct `The scanner of foreign files` {
  // Made with CPython 3.11 (pickle, gzip, zlib, zipfile) and onnx 1.23.
  @Test(arguments: [
    (
      "a pickle, protocol 0", "m.pkl", ["Pickle"],
      "KGRwMApWYQpwMQoobHAyCkkxCmFGMi41CmFOYUkwMQphVukKcDMKYXNWYgpwNAooSTEKY19jb2RlY3MKZW5jb2RlCnA1CihWeHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4CnA2ClZsYXRpbjEKcDcKdHA4ClJwOQp0cDEwCnMu"
    ),
    (
      "a pickle, protocol 1", "m.pkl", ["Pickle"],
      "fXEAKFgBAAAAYXEBXXECKEsBR0AEAAAAAAAATkkwMQpYAgAAAMOpcQNlWAEAAABicQQoSwFjX2NvZGVjcwplbmNvZGUKcQUoWB4AAAB4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHhxBlgGAAAAbGF0aW4xcQd0cQhScQl0cQp1Lg=="
    ),
    (
      "a pickle, protocol 2", "m.pkl", ["Pickle"],
      "gAJ9cQAoWAEAAABhcQFdcQIoSwFHQAQAAAAAAABOiFgCAAAAw6lxA2VYAQAAAGJxBEsBY19jb2RlY3MKZW5jb2RlCnEFWB4AAAB4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHhxBlgGAAAAbGF0aW4xcQeGcQhScQmGcQp1Lg=="
    ),
    (
      "a pickle, protocol 3", "m.pkl", ["Pickle"],
      "gAN9cQAoWAEAAABhcQFdcQIoSwFHQAQAAAAAAABOiFgCAAAAw6lxA2VYAQAAAGJxBEsBQx54eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHhxBYZxBnUu"
    ),
    (
      "a pickle, protocol 4", "m.pkl", ["Pickle"],
      "gASVSAAAAAAAAAB9lCiMAWGUXZQoSwFHQAQAAAAAAABOiIwCw6mUZYwBYpRLAUMeeHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4lIaUdS4="
    ),
    (
      "a pickle, protocol 5", "m.pkl", ["Pickle"],
      "gAWVSAAAAAAAAAB9lCiMAWGUXZQoSwFHQAQAAAAAAABOiIwCw6mUZYwBYpRLAUMeeHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4lIaUdS4="
    ),
    (
      "a call in protocol 0, named like a model", "m.onnx", ["Pickle", "ExtensionMismatch"],
      "Y19fYnVpbHRpbl9fCnByaW50CnAwCihWeApwMQp0cDIKUnAzCi4="
    ),
    (
      "a gzip file with protocol 2", "m.joblib", ["Pickle"],
      "H4sIAAAAAAACA2tgqi1k0IhgZGBgSCxkjC1k0vBmdHdgYQADv44IJiB1eGUhcypYSVIhizdjcnxyfkpqcjFXah6IwVXIGiEHlKvACwrZItiAinISSzLzDAvZ2wo5ggo52wq5SvUAFsFnVIIAAAA="
    ),
    (
      "a gzip file with protocol 0", "m.pkl", ["Pickle"],
      "H4sIAAAAAAACAx3PqXEEQRBFQT6WCCmmLh0mjBniC9Z/pMoGn73s6Pp4ve/rua+/J3a5q13vZve1+9797H41J1SGNLQhDnXIQx9AEEnkeZtIIokkkkgiiSSKKKLOd4giiiiiiCKKaKKJJvpcQDTRRBNNNDHEEEMMMedoYoghhpgVn/+UdOPDKAEAAA=="
    ),
    (
      "a zlib stream, as joblib writes", "m.joblib", ["Pickle"],
      "eF5rYJnqwQABtVM0ehgTp8RO0fBmdHdggQj6dfQwHV45JbWHMWmKN6OzXAVeMKVtSqkeANmnHGc="
    ),
    ("a gzip file with text", "m.gz", ["Gzip"], "H4sIAAAAAAACA8tIzcnJV8gYJUdJqpIA8zGiDVgCAAA="),
    (
      "PyTorch's archive", "m.pt", ["Pickle"],
      "UEsDBBQAAAAAAAAAIVAv+vhIeAAAAHgAAAAFAAAAci50eHRoZWxsbyBoZWxsbyBoZWxsbyBoZWxsbyBoZWxsbyBoZWxsbyBoZWxsbyBoZWxsbyBoZWxsbyBoZWxsbyBoZWxsbyBoZWxsbyBoZWxsbyBoZWxsbyBoZWxsbyBoZWxsbyBoZWxsbyBoZWxsbyBoZWxsbyBoZWxsbyBQSwMEFAAAAAAAAAAhUKvRz2QFAAAABQAAABAAAABhcmNoaXZlL2RhdGEucGtsgAJLAS5QSwECFAMUAAAAAAAAACFQL/r4SHgAAAB4AAAABQAAAAAAAAAAAAAAgAEAAAAAci50eHRQSwECFAMUAAAAAAAAACFQq9HPZAUAAAAFAAAAEAAAAAAAAAAAAAAAgAGbAAAAYXJjaGl2ZS9kYXRhLnBrbFBLBQYAAAAAAgACAHEAAADOAAAAAAA="
    ),
    (
      "a packed pickle under a harmless name", "m.bin", ["Pickle"],
      "UEsDBBQAAAAIAAAAIVAv+vhICwAAAHgAAAAFAAAAci50eHTLSM3JyVfIoDsJAFBLAwQUAAAACAAAACFQFsFnVFwAAACCAAAABwAAAHdlaWdodHNrYKotZNCIYGRgYEgsZIwtZNLwZnR3YGEAA7+OCCYgdXhlIXMqWElSIYs3Y3J8cn5KanIxV2oeiMFVyBohB5SrwAsK2SLYgIpyEksy8wwL2dsKOYIKOdsKuUr1AFBLAQIUAxQAAAAIAAAAIVAv+vhICwAAAHgAAAAFAAAAAAAAAAAAAACAAQAAAAByLnR4dFBLAQIUAxQAAAAIAAAAIVAWwWdUXAAAAIIAAAAHAAAAAAAAAAAAAACAAS4AAAB3ZWlnaHRzUEsFBgAAAAACAAIAaAAAAK8AAAAAAA=="
    ),
    (
      "a zip archive with text", "m.zip", ["Zip"],
      "UEsDBBQAAAAIAAAAIVAv+vhICwAAAHgAAAAFAAAAci50eHTLSM3JyVfIoDsJAFBLAwQUAAAACAAAACFQzeXvbREAAABsAAAABQAAAGIudHh0y8svycjMS1fISC1KzaMxGwBQSwECFAMUAAAACAAAACFQL/r4SAsAAAB4AAAABQAAAAAAAAAAAAAAgAEAAAAAci50eHRQSwECFAMUAAAACAAAACFQzeXvbREAAABsAAAABQAAAAAAAAAAAAAAgAEuAAAAYi50eHRQSwUGAAAAAAIAAgBmAAAAYgAAAAAA"
    ),
    (
      "ONNX", "m.onnx", [],
      "CA46OwoQCgF4EgF5IghJZGVudGl0eRIBZ1oRCgF4EgwKCggBEgYKAAoCCAJiEQoBeRIMCgoIARIGCgAKAggCQgIQHA=="
    ),
    (
      "ONNX without an extension", "sha256-0123", [],
      "CA46OwoQCgF4EgF5IghJZGVudGl0eRIBZ1oRCgF4EgwKCggBEgYKAAoCCAJiEQoBeRIMCgoIARIGCgAKAggCQgIQHA=="
    ),
    (
      "ONNX under another name", "m.pkl", ["ExtensionMismatch"],
      "CA46OwoQCgF4EgF5IghJZGVudGl0eRIBZ1oRCgF4EgwKCggBEgYKAAoCCAJiEQoBeRIMCgoIARIGCgAKAggCQgIQHA=="
    ),
    (
      "ONNX that is cut off", "m.onnx", ["DamagedONNX"],
      "CA46OwoQCgF4EgF5IghJZGVudGl0eRIBZ1oRCgF4EgwKCggBEgYKAAoCCAJiEQoBeRIMCgoIARIGCgAKAgg="
    ),
    ("nothing", "m.onnx", ["Empty"], ""),
    ("anything else", "m.onnx", ["UnknownFormat"], "AAECAyB3aGF0IGlzIHRoaXM="),
    ("HDF5", "m.h5", ["HDF5"], "iUhERg0KGgoAAAAAAAAAAAAAAAAAAAAAAAAAAA=="),
    ("GGUF", "m.gguf", ["GGUF"], "R0dVRgMAAAA="),
    (
      "tar", "m.tar", ["Tar"],
      "YWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWF1c3RhcgAwMAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=="
    ),
    ("SavedModel", "saved_model.pb", ["SavedModel"], "CAESBGFiY2Q="),
    ("JSON", "m.json", ["JSON"], "eyJhIjoxfQ=="),
    ("JSON that speaks of a learner later", "m.json", ["JSON"], "eyJhIjp7ImxlYXJuZXIiOnt9fX0="),
    ("XGBoost's JSON", "m.json", [], "eyJsZWFybmVyIjp7fX0="),
    ("XGBoost's JSON with blanks, version first", "sha256-0123", [], "CiB7ICJ2ZXJzaW9uIjogWzMsMiwwXX0="),
    ("XGBoost's UBJSON", "m.ubj", [], "e0wAAAAAAAAAB2xlYXJuZXJ7fQ=="),
    ("UBJSON with another key", "m.ubj", ["JSON", "ExtensionMismatch"], "e0wAAAAAAAAAB3RlYWNoZXJ7fQ=="),
    ("UBJSON that is cut off", "m", ["JSON"], "e0wAAAAAAAAAB2xl"),
    ("LightGBM", "m.txt", [], "dHJlZQp2ZXJzaW9uPXY0Cg=="),
    ("LightGBM under another name", "m.pkl", ["ExtensionMismatch"], "dHJlZQ0KdmVyc2lvbj12NA0K"),
    ("a text about trees", "m.txt", ["UnknownFormat"], "dHJlZXMgYXJlIGdyZWVuCg=="),
    ("a program", "m.so", ["Executable"], "f0VMRgIBAQAAAAAAAAAAAAAAAAAAAAAAAAAA"),
  ])
  func `tells formats by their content`(what: String, name: String, rules: [String], base64: String) throws {
    let bytes = try #require(Data(base64Encoded: base64))
    let findings = bytes.withUnsafeBytes { FormatScanner().scan($0, name: name) }
    #expect(findings.map(\.rule) == rules, "\(what): \(findings)")
    for finding in findings { #expect(finding.blocks == (finding.rule != "ExtensionMismatch")) }
  }

  /// What gzip and zip wrap around a deflate stream, as far as it is looked at.
  private static let wraps: [(head: [UInt8], rule: String)] = [
    ([0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3], "Gzip"),
    ([0x50, 0x4B, 3, 4, 20, 0, 0, 0, 8, 0] + [UInt8](repeating: 0, count: 16) + [1, 0, 0, 0, 0x77], "Zip"),
  ]

  @Test(arguments: wraps)
  func `looks no further than it needs into streams of empty blocks`(head: [UInt8], rule: String) {
    let empty: [UInt8] = [0, 0, 0, 0xFF, 0xFF]
    // A pickle of None in protocol 2, in a stored block.
    let pickle: [UInt8] = [1, 4, 0, 0xFB, 0xFF, 0x80, 2, 0x4E, 0x2E]
    for (count, expected) in [(0, "Pickle"), (1000, "Pickle"), (4000, rule), (200_000, rule)] {
      var bytes = head
      for _ in 0..<count { bytes += empty }
      bytes += pickle
      bytes += [UInt8](repeating: 0, count: 8)
      let findings = bytes.withUnsafeBytes { FormatScanner().scan($0, name: "m") }
      #expect(findings.map(\.rule) == [expected], "\(count) blocks")
    }
  }

  @Test func `reads nothing outside of files that are cut off or spoilt`() throws {
    let archive = try #require(
      Data(
        base64Encoded:
          "UEsDBBQAAAAIAAAAIVAv+vhICwAAAHgAAAAKAAAAcmVhZG1lLnR4dMtIzcnJV8igOwkAUEsDBBQAAAAIAAAAIVCzXf10XwAAAJABAAAHAAAA"
          + "d2VpZ2h0c2tgqi1k0IhgZGBgSCxkjC1k0vBmdHdgYQADv44IJiB1eGUhcypYSVIhizdjcnxyfkpqcjFXah6IwVXIGqEDlKwYBUSDQrYINmBw"
          + "5iSWZOYZFrK3FXIEFXK2FXKV6gEA"))
    for place in archive.indices {
      var spoilt = archive
      spoilt[place] ^= 0xFF
      // The buffer ends where the bytes do, so that a read beyond would be caught by the sanitizer.
      _ = Array(spoilt).withUnsafeBytes { FormatScanner().scan($0, name: "m") }
      _ = Array(archive[..<place]).withUnsafeBytes { FormatScanner().scan($0, name: "m") }
    }
  }
}
