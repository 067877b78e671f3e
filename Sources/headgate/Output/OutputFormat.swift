import ArgumentParser
import Foundation

/// How a result is written.
enum OutputFormat: String, ExpressibleByArgument, CaseIterable {
  case text, wide, json
}

/// The `--output` option of every command that shows something.
struct OutputOptions: ParsableArguments {
  @Option(
    name: [.customShort("o"), .customLong("output")], help: "The format; wide is text with more columns in lists.")
  var format = OutputFormat.text
}

/// JSON as all commands and the controller write it.
enum JSONFormat {
  static func text(_ value: some Encodable) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(value), as: UTF8.self)
  }

  static func value<Value: Decodable>(_ type: Value.Type, from bytes: [UInt8]) throws -> Value {
    try JSONDecoder().decode(type, from: Data(bytes))
  }
}
