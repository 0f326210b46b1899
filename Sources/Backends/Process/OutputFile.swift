internal import Glibc
internal import HTTP

/// The file that a server appends its output to, read on from where it ended when this was made.
///
/// It is cut back to nothing whenever it has grown large, which its writer does not notice: it writes at the end, wherever
/// that is.
struct OutputFile {
  private static let sizeLimitBytes = 16 << 20

  private let path: String
  private var position: Int

  init(_ path: String) {
    self.path = path
    position = Self.size(of: path)
  }

  /// A descriptor that becomes readable whenever the file is written to (inotify(7)); the caller closes it.
  /// - Throws: `SystemFailure` when the file can't be watched.
  func watch() throws(SystemFailure) -> Int32 {
    let descriptor = inotify_init1(Int32(IN_CLOEXEC))
    guard descriptor >= 0 else { throw SystemFailure("inotify_init1") }
    guard unsafe inotify_add_watch(descriptor, path, UInt32(IN_MODIFY)) >= 0 else {
      let failure = SystemFailure("inotify_add_watch")
      close(descriptor)
      throw failure
    }
    return descriptor
  }

  /// Hands over what was written since the last time, in pieces.
  mutating func readNew(_ take: ([UInt8]) -> Void) {
    let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return }
    defer { close(descriptor) }
    // Somebody else has cut it.
    if Self.size(of: path) < position { position = 0 }
    while true {
      let start = position
      let bytes = unsafe [UInt8](unsafeUninitializedCapacity: 65_536) { memory, count in
        // Reads no further than the array reaches.
        count = max(unsafe pread(descriptor, memory.baseAddress, memory.count, start), 0)
      }
      guard !bytes.isEmpty else { break }
      position += bytes.count
      take(bytes)
    }
    // A line that comes between the reading and the cut is lost: once in many thousands.
    if position > Self.sizeLimitBytes, unsafe truncate(path, 0) == 0 { position = 0 }
  }

  private static func size(of path: String) -> Int {
    var status = stat()
    return unsafe stat(path, &status) == 0 ? Int(status.st_size) : 0
  }
}
