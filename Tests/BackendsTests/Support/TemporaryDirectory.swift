import Foundation

/// A directory of the test's own, which goes with its last holder.
final class TemporaryDirectory: Sendable {
  /// Without a slash at its end.
  let path: String

  init() throws {
    path = FileManager.default.temporaryDirectory.path() + "switcher-test-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }
}
