internal import Core
internal import Foundation
internal import Glibc
internal import HTTP

/// The file that a recording is written to; there are only ever whole lines in it.
final class RecordingFile: Sendable {
  /// How much of the end of an earlier recording is read: more than a thousand lines.
  private static let tailBytes: UInt64 = 65_536

  private let handle: FileHandle
  /// Where the recording that was in the file has got to, since its own first request; zero for a new one.
  let end: Duration

  /// - Parameter handle: writes to the end of its file, wherever it stands.
  init(_ handle: FileHandle, end: Duration) {
    self.handle = handle
    self.end = end
  }

  /// Opens the file to go on with the recording in it; makes it where there is none.
  /// - Throws: `RecordingFault` when it can't be opened, or holds something else.
  convenience init(path: String) throws(RecordingFault) {
    let descriptor = unsafe open(path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw RecordingFault("\(path): can't be opened: \(SystemFailure("open").reason)") }
    let handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
    guard isRegularFile(descriptor) else { throw RecordingFault("\(path): is no regular file") }
    do {
      self.init(handle, end: try Self.resume(handle))
    } catch let fault as TraceFault {
      throw RecordingFault("\(path): holds something else than a recording: \(fault)")
    } catch {
      throw RecordingFault("\(path): \(systemReason(error))")
    }
  }

  /// Adds lines, all of them or none.
  /// - Throws: why the file does not take them.
  func append(_ lines: String) throws(RecordingFault) {
    do {
      let size = try handle.seekToEnd()
      do {
        try handle.write(contentsOf: Data(lines.utf8))
      } catch {
        try? handle.truncate(atOffset: size)
        throw error
      }
    } catch {
      throw RecordingFault(systemReason(error))
    }
  }

  /// Reads the last lines. One that was never finished, since the machine failed, is taken off the end.
  private static func resume(_ handle: FileHandle) throws -> Duration {
    let size = try handle.seekToEnd()
    let start = size > tailBytes ? size - tailBytes : 0
    try handle.seek(toOffset: start)
    var lines = Array(try handle.readToEnd() ?? Data()).split(
      separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    // Nothing, where the last line is whole.
    let rest = lines.removeLast()
    if start > 0, !lines.isEmpty { lines.removeFirst() }
    var end = try lines.reduce(into: Duration.zero) { end, line in end = max(end, try Self.end(of: line)) }
    if !rest.isEmpty {
      do {
        end = max(end, try Self.end(of: rest))
        try handle.write(contentsOf: Data("\n".utf8))
      } catch is TraceFault where !lines.isEmpty {
        try handle.truncate(atOffset: size - UInt64(rest.count))
      }
    }
    return end
  }

  private static func end(of line: ArraySlice<UInt8>) throws(TraceFault) -> Duration {
    guard line.contains(where: { $0 > UInt8(ascii: " ") }) else { return .zero }
    let entry = try TraceFile.decode(Recording.self, Array(line), file: "a line")
    return try TraceFile.duration(entry.at + (entry.serviceSecs ?? 0), "at")
  }
}

/// Why nothing can be recorded in a file.
struct RecordingFault: Error, Hashable, CustomStringConvertible {
  let description: String

  init(_ description: String) { self.description = description }
}

/// The system's own words, which Foundation wraps in its errors.
private func systemReason(_ error: any Error) -> String {
  guard let cause = (error as NSError).userInfo[NSUnderlyingErrorKey] as? NSError, cause.domain == NSPOSIXErrorDomain
  else { return "\(error)" }
  return SystemFailure("write", code: CInt(cause.code)).reason
}

private func isRegularFile(_ descriptor: CInt) -> Bool {
  var status = stat()
  return unsafe fstat(descriptor, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
}
