import Foundation

/// The path of a file that nobody else uses, and that is removed with the last reference to it.
final class TemporaryFile: Sendable {
  let path = FileManager.default.temporaryDirectory.appending(path: "switcher-test-\(UUID().uuidString)").path

  deinit { try? FileManager.default.removeItem(atPath: path) }
}
