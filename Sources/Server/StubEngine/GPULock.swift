internal import Glibc
internal import HTTP

/// A lock on a file that stands for the memory of a GPU: whoever holds it has the memory, and nobody else gets any.
///
/// The lock is flock(2)'s: it goes when its process goes, however that ends.
final class GPULock: Sendable {
  /// What an engine says that finds the memory taken; the words are CUDA's.
  static let outOfMemory = "CUDA out of memory"

  private let descriptor: CInt

  /// Opens the file, which is made where it does not exist; takes nothing yet.
  /// - Throws: `SystemFailure` when it can't be opened.
  init(path: String) throws(SystemFailure) {
    descriptor = unsafe open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw SystemFailure("open \(path)") }
  }

  deinit {
    // A child that was just forked may hold a copy for a moment, and with it the lock.
    release()
    close(descriptor)
  }

  /// Takes the memory; false when another has it. Taking it twice does no harm.
  func take() -> Bool { flock(descriptor, LOCK_EX | LOCK_NB) == 0 }

  func release() { _ = flock(descriptor, LOCK_UN) }
}
