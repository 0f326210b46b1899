internal import Synchronization

/// What came of one look of the alive hook.
struct AliveLook: Equatable {
  let lines: [String]
  let end: ProcessEnd

  /// Whether the model serves; nil for a hook that did not come to a verdict: it was killed, or a command of its was, of
  /// which the shell tells by a status from 128 on (POSIX, Shell Command Language, 2.8.2).
  var serves: Bool? {
    switch end {
    case .exited(status: 0): true
    case .exited(status: 1..<128): false
    case .exited, .killed, .notExecuted, .unknown: nil
    }
  }
}

/// What the alive hook has said last.
final class LastLook: Sendable {
  private let look = Mutex<AliveLook?>(nil)

  /// Whether this is another thing than the last time.
  func replace(with new: AliveLook) -> Bool {
    look.withLock { look in
      defer { look = new }
      return look != new
    }
  }
}
