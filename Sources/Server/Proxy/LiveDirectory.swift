internal import Synchronization

/// The directory in force: whoever looks names up takes it once and is not troubled by a change.
final class LiveDirectory: Sendable {
  private let directory: Mutex<ModelDirectory>

  init(_ directory: ModelDirectory) { self.directory = Mutex(directory) }

  var current: ModelDirectory { directory.withLock(\.self) }

  func replace(with directory: ModelDirectory) { self.directory.withLock { $0 = directory } }
}
