import Foundation
import HeadgateRuntime
import Testing

/// NumPy itself writes every type and reads ours.
@Suite(.enabled(if: NumPy.python != nil, "HEADGATE_PEER_PYTHON names no Python with NumPy"))
struct `Arrays beside NumPy` {
  @Test func `are read as NumPy wrote them, in both orders of bytes and axes`() throws {
    try NumPy.inFolder { folder in
      try NumPy.run(
        """
        import numpy as np, itertools
        arrays = {}
        values = np.arange(24).reshape(2, 3, 4)
        for t, order, axes in itertools.product("? i1 i2 i4 i8 u1 u2 u4 u8 f2 f4 f8".split(), "<>", "CF"):
            arrays[t + order + axes] = np.array(values, dtype=np.dtype(t).newbyteorder(order), order=axes)
        texts = np.array([[str(i) * (i % 3) + "é" * (i % 2) for i in range(6)]] * 2)
        for order, axes in itertools.product("<>", "CF"):
            arrays["U" + order + axes] = np.array(texts, dtype=texts.dtype.newbyteorder(order), order=axes)
        arrays["S"] = np.char.encode(texts, "utf-8")
        np.savez("\(folder)/all.npz", **arrays)
        np.savez_compressed("\(folder)/packed.npz", **arrays)
        np.save("\(folder)/one.npy", np.arange(3.0))
        """)
      for file in ["all.npz", "packed.npz"] {
        let archive = try ArrayArchive(path: folder + "/" + file)
        #expect(archive.arrays.count == 12 * 4 + 5)
        for (name, tensor) in archive.arrays {
          switch name.first {
          case "U", "S":
            let row = (0..<6).map { String(repeating: "\($0)", count: $0 % 3) + String(repeating: "é", count: $0 % 2) }
            #expect(try tensor.strings() == row + row, "\(name)")
          case "?": #expect(try tensor.bools() == (0..<24).map { $0 != 0 }, "\(name)")
          default: #expect(try tensor.convertedToFloats() == (0..<24).map { Float($0) }, "\(name)")
          }
        }
      }
      #expect(try ArrayArchive(path: folder + "/one.npy").tensors[""]?.doubles() == [0, 1, 2])
    }
  }

  @Test func `are refused when NumPy pickled them`() throws {
    try NumPy.inFolder { folder in
      try NumPy.run("import numpy as np; np.savez('\(folder)/o.npz', o=np.array([{}, None], dtype=object))")
      #expect(throws: ArrayArchiveError.self) { try ArrayArchive(path: folder + "/o.npz") }
    }
  }

  @Test func `are written as NumPy reads them`() throws {
    try NumPy.inFolder { folder in
      var archive = ArrayArchive()
      archive.add("f", try Tensor(shape: [2, 2], floats: [1, 2, 3, .nan]))
      archive.add("i", try Tensor(shape: [3], integers: [-1, 0, .max]))
      archive.add("s", try Tensor(shape: [1, 2], strings: ["ä", "bcd"]))
      archive.add("none", try Tensor(shape: [0], doubles: []))
      archive.add("scalar", try Tensor(shape: [], bools: [true]))
      try archive.write(to: folder + "/ours.npz")
      try NumPy.run(
        """
        import numpy as np
        a = np.load("\(folder)/ours.npz")
        assert a.files == ["f", "i", "s", "none", "scalar"], a.files
        assert a["f"].dtype == np.float32 and np.array_equal(a["f"], [[1, 2], [3, np.nan]], equal_nan=True)
        assert a["i"].dtype == np.int64 and a["i"].tolist() == [-1, 0, 2**63 - 1]
        assert a["s"].tolist() == [["ä", "bcd"]] and a["none"].shape == (0,) and a["scalar"] == np.True_
        """)
    }
  }
}

/// The peers' Python.
private enum NumPy {
  static let python = ProcessInfo.processInfo.environment["HEADGATE_PEER_PYTHON"]

  static func inFolder(_ body: (String) throws -> Void) throws {
    let folder = NSTemporaryDirectory() + "numpy-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try body(folder)
  }

  static func run(_ program: String) throws {
    let process = Process()
    process.executableURL = URL(filePath: try #require(python))
    process.arguments = ["-c", program]
    try process.run()
    process.waitUntilExit()
    try #require(process.terminationStatus == 0)
  }
}
