internal import Glibc

/// Reads what the kernel tells of processes under /proc.
enum ProcFile {
  /// All of a file, which comes in pieces of any length; empty where it can't be read.
  static func contents(of path: String) -> [UInt8] {
    let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return [] }
    defer { close(descriptor) }
    var contents: [UInt8] = []
    while true {
      let piece = unsafe [UInt8](unsafeUninitializedCapacity: 65_536) { memory, count in
        // Reads no further than the array reaches.
        count = max(unsafe read(descriptor, memory.baseAddress, memory.count), 0)
      }
      guard !piece.isEmpty else { return contents }
      contents += piece
    }
  }
}
