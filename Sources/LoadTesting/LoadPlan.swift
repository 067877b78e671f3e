import Connections

/// What `headgate load` is asked to do.
package struct LoadPlan: Sendable {
  /// Such as `http://127.0.0.1:8080/v2/models/income`, with or without `/versions/V` and `/infer`.
  package var url: String
  /// Requests each second, sent whether or not earlier ones were answered.
  package var rate: Double
  /// A CSV file with a header, or a JSON request body.
  package var input: String
  /// The column whose value goes into `X-Headgate-Key`.
  package var keyColumn: String?
  /// A CSV file of what is to be answered, row by row as in `input`; its columns are `output` or `output[index]`.
  package var expected: String?
  /// How far a number may be from what is expected.
  package var tolerance: Double
  /// When to end; without either it runs until it is stopped.
  package var duration: Duration?
  package var requestCount: Int?
  package var timeout: Duration
  /// Requests that may be unanswered at one time; those beyond are counted as failed and not sent.
  package var maxInFlight: Int

  package init(
    url: String, rate: Double, input: String, keyColumn: String? = nil, expected: String? = nil,
    tolerance: Double = 1e-5, duration: Duration? = nil, requestCount: Int? = nil, timeout: Duration = .seconds(10),
    maxInFlight: Int = 4096
  ) {
    self.url = url
    self.rate = rate
    self.input = input
    self.keyColumn = keyColumn
    self.expected = expected
    self.tolerance = tolerance
    self.duration = duration
    self.requestCount = requestCount
    self.timeout = timeout
    self.maxInFlight = maxInFlight
  }
}

/// A load cannot begin: the message says what to change.
package struct LoadError: Error, Hashable, Sendable, CustomStringConvertible {
  package let message: String

  package init(_ message: String) {
    self.message = message
  }

  package var description: String { message }
}

/// Which model a URL names.
struct ModelURL: Hashable {
  let address: ServerAddress
  let model: String
  let version: String?

  init(_ url: String) throws(LoadError) {
    let help = "give a URL such as http://127.0.0.1:8080/v2/models/NAME"
    guard let (address, path) = ServerAddress.parse(url) else { throw LoadError("'\(url)' is no address; \(help)") }
    var parts = path.split(separator: "/").map(String.init)
    if parts.last == "infer" { parts.removeLast() }
    guard parts.count == 3 || parts.count == 5 && parts[3] == "versions", parts[0] == "v2", parts[1] == "models" else {
      throw LoadError("'\(url)' names no model; \(help)")
    }
    self.address = address
    model = parts[2]
    version = parts.count == 5 ? parts[4] : nil
  }

  /// The path of the model's metadata.
  var path: String { "/v2/models/\(model)" + (version.map { "/versions/\($0)" } ?? "") }
}
