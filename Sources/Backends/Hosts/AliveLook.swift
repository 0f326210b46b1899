internal import Synchronization

/// What came of one look of the alive hook.
struct AliveLook: Equatable {
  let lines: [String]
  let end: ProcessEnd
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
