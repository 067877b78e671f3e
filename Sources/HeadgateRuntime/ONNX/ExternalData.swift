import Glibc
import Synchronization

/// Finds weights that a model keeps in other files, and only inside of the model's own folder.
///
/// Each part of a location is opened relative to the folder before it without following symbolic
/// links, so that no name can lead out of the folder, whatever changes meanwhile.
final class ExternalData: Sendable {
  private let modelPath: String?
  private let isAllowed: Bool
  private let files = Mutex<[String: ModelBytes]>([:])

  init(modelPath: String?, isAllowed: Bool) {
    self.modelPath = modelPath
    self.isAllowed = isAllowed
  }

  /// The file and the bytes in it that hold a tensor's data.
  func locate(_ tensor: ONNXTensor) throws(ModelFileError) -> (ModelBytes, Range<Int>) {
    guard let location = tensor.externalData["location"] else {
      throw ModelFileError(.malformed, "weights '\(tensor.name)' are external but name no location")
    }
    guard isAllowed else {
      throw ModelFileError(
        .externalData,
        "weights '\(tensor.name)' lie in '\(location)', and external data is not allowed here; "
          + "save the model as one file")
    }
    let file = try map(location)
    let offset = try number("offset", of: tensor) ?? 0
    guard offset <= file.count else { throw outside(tensor, location, file) }
    let length = try number("length", of: tensor) ?? file.count - offset
    guard length <= file.count - offset else { throw outside(tensor, location, file) }
    return (file, offset..<offset + length)
  }

  /// See `ModelBytes.releasePages`.
  func releasePages() {
    files.withLock { files in files.values.forEach { $0.releasePages() } }
  }

  /// The parts of a location that stays inside of its folder.
  static func components(of location: String) throws(ModelFileError) -> [String] {
    let parts = location.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
    let isContained =
      !location.hasPrefix("/") && !location.contains("\0") && !location.contains("\\")
      && parts.allSatisfy { !$0.isEmpty && $0 != ".." }
    let names = parts.filter { $0 != "." }
    guard isContained, !names.isEmpty else {
      throw ModelFileError(
        .externalData,
        "external data '\(location)' lies outside of the model's folder; "
          + "put the file beside the model and save the model again")
    }
    return names
  }

  private func map(_ location: String) throws(ModelFileError) -> ModelBytes {
    if let file = files.withLock({ $0[location] }) { return file }
    let names = try ExternalData.components(of: location)
    guard let modelPath else {
      throw ModelFileError(
        .externalData,
        "external data '\(location)' cannot be found, for the model was loaded from memory; "
          + "load it from its file")
    }
    let folder = modelPath.lastIndex(of: "/").map { String(modelPath[...$0]) } ?? "."
    var descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    for (index, name) in names.enumerated() where descriptor >= 0 {
      let kind = index == names.count - 1 ? O_NONBLOCK : O_DIRECTORY
      let next = openat(descriptor, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | kind)
      close(descriptor)
      descriptor = next
    }
    guard descriptor >= 0 else {
      throw ModelFileError(
        .externalData,
        "cannot open external data '\(location)': \(ModelBytes.systemMessage()); "
          + "put the file itself, not a link, beside the model")
    }
    defer { close(descriptor) }
    let file = try ModelBytes(mapping: descriptor, path: folder + "/" + location)
    files.withLock { $0[location] = file }
    return file
  }

  private func number(_ key: String, of tensor: ONNXTensor) throws(ModelFileError) -> Int? {
    guard let text = tensor.externalData[key] else { return nil }
    guard let number = Int(text), number >= 0 else {
      throw ModelFileError(.malformed, "weights '\(tensor.name)': external \(key) '\(text)' is no byte count")
    }
    return number
  }

  private func outside(_ tensor: ONNXTensor, _ location: String, _ file: ModelBytes) -> ModelFileError {
    ModelFileError(
      .externalData,
      "weights '\(tensor.name)' lie beyond the \(file.count) bytes of '\(location)'; "
        + "the file is incomplete or belongs to another model")
  }
}
