/// Where a server listens.
package enum ServerAddress: Hashable, Sendable, CustomStringConvertible {
  case tcp(host: String, port: Int)
  /// A socket of this machine, by its path.
  case unix(path: String)

  /// Reads `http://host[:port][/path]`, `http://[::1]:8080`, or `unix:/path/to/socket`.
  /// - Returns: the address and the path, which is `/` when there is none; `nil` for anything else. TLS is not spoken.
  package static func parse(_ url: String) -> (address: ServerAddress, path: String)? {
    if url.hasPrefix("unix:") {
      let path = String(url.dropFirst("unix:".count))
      return path.hasPrefix("/") ? (.unix(path: path), "/") : nil
    }
    guard url.hasPrefix("http://") else { return nil }
    let rest = url.dropFirst("http://".count)
    let authority = rest.prefix { $0 != "/" }
    let path = rest.dropFirst(authority.count)
    var host = authority
    var port = 80
    let isBracketed = authority.hasPrefix("[")
    let portSeparator = authority.lastIndex(of: ":")
    if let portSeparator, !isBracketed || authority[..<portSeparator].hasSuffix("]") {
      guard let number = Int(authority[authority.index(after: portSeparator)...]), (1...65535).contains(number) else {
        return nil
      }
      port = number
      host = authority[..<portSeparator]
    }
    if isBracketed {
      guard host.hasSuffix("]") else { return nil }
      host = host.dropFirst().dropLast()
    }
    guard !host.isEmpty, !host.contains("@") else { return nil }
    return (.tcp(host: String(host), port: port), path.isEmpty ? "/" : String(path))
  }

  package var description: String {
    switch self {
    case .tcp(let host, let port): host.contains(":") ? "http://[\(host)]:\(port)" : "http://\(host):\(port)"
    case .unix(let path): "unix:\(path)"
    }
  }

  /// The value of the Host header.
  var hostField: String {
    switch self {
    case .tcp(let host, let port): host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
    case .unix: "localhost"
    }
  }
}
