/// What `GET /v2/models/M` says of a model.
struct ModelMetadata: Decodable, Sendable {
  struct Port: Decodable, Sendable {
    let name: String
    let datatype: String
    let shape: [Int]
  }

  let name: String
  let inputs: [Port]
  let outputs: [Port]
}
