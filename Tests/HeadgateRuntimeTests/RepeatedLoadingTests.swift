import Foundation
import HeadgateRuntime
import Testing

/// In a process of its own, whose memory no other test changes.
@Suite struct `Loading a model again and again` {
  @Test func `keeps no memory and no file open`() async {
    await #expect(processExitsWith: .success) {
      let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      defer { try? FileManager.default.removeItem(at: folder) }
      let files = try [
        ("classifier.onnx", ModelWriter.classifier.bytes), ("trees.json", TreeFiles.json),
        ("trees.ubj", TreeFiles.ubjson), ("trees.txt", TreeFiles.text),
      ].map { name, bytes in
        let url = folder.appendingPathComponent(name)
        try Data(bytes).write(to: url)
        return url.path
      }
      func load(_ count: Int) throws {
        for _ in 0..<count {
          for file in files {
            let model = try Model(path: file)
            let width = try #require(model.inputs[0].shape?.last ?? nil)
            let row = try Tensor(shape: [1, width], floats: [Float](repeating: 0.5, count: width))
            _ = try model.run([model.inputs[0].name: row])
          }
        }
      }
      // What is made once, and the allocator's own room, is there after some hundred.
      try load(500)
      let before = try Usage()
      try load(10_000)
      let after = try Usage()
      #expect(after.residentByteCount <= before.residentByteCount + before.residentByteCount / 50)
      #expect(after.openFileCount == before.openFileCount)
    }
  }

  /// What the process holds.
  private struct Usage {
    let residentByteCount: Int
    let openFileCount: Int

    init() throws {
      let pages = try String(contentsOfFile: "/proc/self/statm", encoding: .utf8).split(separator: " ")
      residentByteCount = try #require(Int(pages[1])) * Int(sysconf(Int32(_SC_PAGESIZE)))
      openFileCount = try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count
    }
  }
}
