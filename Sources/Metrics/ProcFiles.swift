import Glibc

/// Reads what the kernel tells of this process under /proc.
enum ProcFiles {
  /// The whole content of a file; `nil` where it can't be read. What is there never makes the reader wait.
  static func contents(of path: String) -> String? {
    let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 4096)
    while true {
      let count = unsafe chunk.withUnsafeMutableBytes { unsafe read(descriptor, $0.baseAddress, $0.count) }
      if count < 0 {
        guard errno == EINTR else { return nil }
        continue
      }
      guard count > 0 else { return String(decoding: bytes, as: UTF8.self) }
      bytes += chunk.prefix(count)
    }
  }

  /// How many entries a directory has, itself and its parent not counted; `nil` where it can't be read.
  static func entryCount(of path: String) -> Int? {
    guard let directory = unsafe opendir(path) else { return nil }
    defer { unsafe closedir(directory) }
    var count = -2
    while unsafe readdir(directory) != nil { count += 1 }
    return count
  }
}
