import Glibc
import HummingbirdCore
import NIOCore
import NIOPosix
import Synchronization

/// The socket on which a server listens, and how a stopping server leaves it.
///
/// A client is connected as soon as the system has answered it; the server accepts it a little later. A listening socket
/// that is closed resets those that nobody has accepted, and there are always some under load, for a client told to go
/// elsewhere may well come back to the same address. So `leave` shuts the door first and then takes in who is inside.
final class ListeningSocket: Sendable {
  /// How long nobody must have come for all to be in: a handshake that was begun takes one round trip.
  static let quiet = Duration.milliseconds(100)
  /// How long nobody must have come although some wait, before they are given up for want of room: as many connections
  /// are open as may be. Where the door stays open, how long the wait lasts at most.
  static let patience = Duration.seconds(1)

  private struct State {
    var channel: (any Channel)?
    var lastArrival = ContinuousClock.now
    var isFull = false
  }

  private let group: MultiThreadedEventLoopGroup
  private let state = Mutex(State())

  /// - Parameter group: the event loops that the server and its connections live on.
  init(group: MultiThreadedEventLoopGroup) {
    self.group = group
  }

  /// The server listens on a channel.
  func didOpen(_ channel: any Channel) {
    state.withLock { $0.channel = channel }
  }

  /// A connection was accepted.
  /// - Parameter isFull: whether no other is accepted until one ends.
  func didAccept(isFull: Bool) {
    state.withLock {
      $0.lastArrival = .now
      $0.isFull = isFull
    }
  }

  /// A connection has ended.
  /// - Parameter isFull: whether others still have to, before one is accepted.
  func didClose(isFull: Bool) {
    state.withLock { $0.isFull = isFull }
  }

  /// Lets no further connection begin, and waits until all that have begun are accepted and what they have sent is read.
  /// The socket can then be closed. Ends early when the task is cancelled, or with the time that it is given.
  func leave(within limit: Duration) async {
    guard let channel = state.withLock({ $0.channel }) else { return }
    let isShut = await shutDoor(channel)
    let begun = ContinuousClock.now
    while true {
      let (lastArrival, isFull) = state.withLock { ($0.lastArrival, $0.isFull) }
      let (idle, elapsed) = (ContinuousClock.now - max(begun, lastArrival), ContinuousClock.now - begun)
      if idle >= Self.quiet, await waitingCount(channel) == 0 { break }
      // Behind a shut door the number of those who wait is finite, and each takes the time it takes on a busy machine.
      let isGivenUp = isShut ? isFull && idle >= Self.patience : elapsed >= Self.patience
      if isGivenUp || elapsed >= limit { break }
      do { try await Task.sleep(for: .milliseconds(5)) } catch { break }
    }
    // A connection goes from the listener's event loop to its own, back, and to its own again before it is read.
    for _ in 0..<6 {
      for loop in group.makeIterator() { try? await loop.submit {}.get() }
    }
  }

  /// Has the system ignore whoever begins to connect from now on, without an answer. Their systems ask again after a
  /// second: then nobody listens, and they are refused, or a successor does. Handshakes that have begun go on.
  ///
  /// - Returns: whether it does; not so on a Unix socket.
  private func shutDoor(_ channel: any Channel) async -> Bool {
    guard channel.localAddress?.protocol != .unix, let socket = channel as? any SocketOptionProvider else {
      return false
    }
    let filter = SocketFilter.refusingHandshakes
    let instructions = UnsafeMutablePointer<SocketFilter.Instruction>.allocate(capacity: filter.count)
    defer { instructions.deallocate() }
    instructions.initialize(from: filter, count: filter.count)
    let program = SocketFilter.Program(count: UInt16(filter.count), instructions: UInt(bitPattern: instructions))
    // SAFETY: the program has the layout of the system's, which copies the instructions before the future is fulfilled.
    let setting = socket.unsafeSetSocketOption(
      level: .socket, name: NIOBSDSocket.Option(rawValue: SO_ATTACH_FILTER), value: program)
    return (try? await setting.get()) != nil
  }

  /// How many connections are complete and not accepted; 0 where the system does not tell.
  private func waitingCount(_ channel: any Channel) async -> Int {
    guard channel.localAddress?.protocol != .unix, let socket = channel as? any SocketOptionProvider else { return 0 }
    // Of a listening socket the field gives the length of its queue (tcp_get_info in Linux).
    return await (try? socket.getTCPInfo().get()).map { Int($0.tcpi_unacked) } ?? 0
  }
}

/// A program of the classic Berkeley packet filter, as `SO_ATTACH_FILTER` takes it (linux/filter.h).
private enum SocketFilter {
  /// `struct sock_filter`.
  struct Instruction {
    let code: UInt16
    let jumpIfTrue: UInt8
    let jumpIfFalse: UInt8
    let operand: UInt32

    init(_ code: UInt16, _ operand: UInt32, jumpIfTrue: UInt8 = 0, jumpIfFalse: UInt8 = 0) {
      self.code = code
      self.jumpIfTrue = jumpIfTrue
      self.jumpIfFalse = jumpIfFalse
      self.operand = operand
    }
  }

  /// `struct sock_fprog`; the pointer as a number, which may go to another thread.
  struct Program: Sendable {
    let count: UInt16
    let instructions: UInt
  }

  /// Drops segments with SYN and without ACK, the first of a handshake, and passes all others. The packet begins with
  /// the TCP header, whose byte 13 holds the flags. Accepted connections inherit the filter, but get no such segments.
  static let refusingHandshakes = [
    Instruction(0x30, 13),  // load byte 13
    Instruction(0x54, 0x12),  // and with SYN | ACK
    Instruction(0x15, 0x02, jumpIfFalse: 1),  // is it SYN alone?
    Instruction(0x06, 0),  // drop
    Instruction(0x06, .max),  // pass whole
  ]
}

/// Accepts connections up to a number, and tells the listening socket of each.
struct ConnectionLimit: AvailableConnectionsDelegate {
  private let socket: ListeningSocket
  private let limit: Int
  private var count = 0

  init(_ limit: Int, of socket: ListeningSocket) {
    self.limit = limit
    self.socket = socket
  }

  mutating func connectionOpened() {
    count += 1
    socket.didAccept(isFull: !isAcceptingNewConnections())
  }

  mutating func connectionClosed() {
    count -= 1
    socket.didClose(isFull: !isAcceptingNewConnections())
  }

  func isAcceptingNewConnections() -> Bool { count < limit }
}
