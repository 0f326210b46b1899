internal import Core

/// The requests inside a stand-in model server, as a value: which are being answered, which wait for it to wake, and when
/// each one's next token falls due.
///
/// Every request has the whole engine to itself: ten at once take no longer than one.
struct EngineScheduler {
  /// A request or a control call, for as long as the engine knows it.
  struct Ticket: Hashable, Sendable {
    let number: Int
  }

  /// What comes out for a request. Tokens come first, then one of the others as the last.
  enum Output: Hashable, Sendable {
    case token(String)
    case finished
    /// The engine went to sleep under it.
    case aborted
    /// The connection is to be cut (`StubFailure.midStream`).
    case cut
  }

  /// What a pause does to the requests that are being answered (vLLM's `mode` of /sleep).
  enum PauseMode: String, Sendable, CaseIterable {
    /// They end at once with what they have.
    case abort
    /// They go on to their ends.
    case wait
    /// They stand still, and go on when the engine wakes.
    case keep
  }

  private struct Request {
    let ticket: Ticket
    let tokens: Int
    var generated = 0
    /// Nil while it waits for the engine to wake.
    var nextTokenAt: Instant?
  }

  private let tokenTime: Duration
  private let tokensBeforeCut: Int?
  private var requests: [Request] = []

  /// Whether requests that arrive now wait for the engine to wake.
  private(set) var isPaused = false
  /// How many requests have arrived during a pause since the beginning.
  private(set) var arrivedWhilePaused = 0
  /// How many requests a pause has ended since the beginning.
  private(set) var aborted = 0

  init(tokenTime: Duration, tokensBeforeCut: Int?) {
    self.tokenTime = tokenTime
    self.tokensBeforeCut = tokensBeforeCut
  }

  var running: Int { requests.count { $0.nextTokenAt != nil } }
  var waiting: Int { requests.count - running }
  var nextDeadline: Instant? { requests.lazy.compactMap(\.nextTokenAt).min() }

  mutating func add(_ ticket: Ticket, tokens: Int, at now: Instant) {
    if isPaused { arrivedWhilePaused += 1 }
    requests.append(Request(ticket: ticket, tokens: tokens, nextTokenAt: isPaused ? nil : now + tokenTime))
  }

  /// Forgets a request whose client has left; one that has ended is not known any more, which is no fault.
  mutating func remove(_ ticket: Ticket) {
    requests.removeAll { $0.ticket == ticket }
  }

  /// Returns the requests that this ends.
  mutating func pause(_ mode: PauseMode) -> [Ticket] {
    isPaused = true
    switch mode {
    case .wait: return []
    case .keep:
      for index in requests.indices { requests[index].nextTokenAt = nil }
      return []
    case .abort:
      defer { requests = [] }
      aborted += requests.count
      return requests.map(\.ticket)
    }
  }

  mutating func resume(at now: Instant) {
    isPaused = false
    for index in requests.indices where requests[index].nextTokenAt == nil {
      requests[index].nextTokenAt = now + tokenTime
    }
  }

  /// Brings out what has fallen due. Of each request the tokens are in order; `text` is that of the token so numbered,
  /// from 0.
  mutating func generate(until now: Instant, text: (Int) -> String) -> [(ticket: Ticket, output: Output)] {
    var outputs: [(Ticket, Output)] = []
    var unfinished: [Request] = []
    for var request in requests {
      var end: Output?
      while let due = request.nextTokenAt, end == nil {
        if request.generated == tokensBeforeCut {
          end = .cut
        } else if request.generated == request.tokens {
          end = .finished
        } else if due <= now {
          outputs.append((request.ticket, .token(text(request.generated))))
          request.generated += 1
          request.nextTokenAt = due + tokenTime
        } else {
          break
        }
      }
      if let end { outputs.append((request.ticket, end)) } else { unfinished.append(request) }
    }
    requests = unfinished
    return outputs
  }
}
