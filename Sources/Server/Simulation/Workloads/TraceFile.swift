internal import Core
internal import Foundation

/// Reads workloads from files: traces in JSON, and recordings of what a daemon served in JSON lines.
enum TraceFile {
  /// The longest time and the most seconds of work that a trace may name: three years.
  static let secondsLimit = 100_000_000.0

  /// - Parameter path: ends in `.json` or `.jsonl`.
  /// - Throws: what can't be read or understood, with the file and the place.
  static func read(_ path: String) throws(TraceFault) -> Workload {
    let url = URL(filePath: path)
    let name = url.deletingPathExtension().lastPathComponent
    guard ["json", "jsonl"].contains(url.pathExtension) else {
      throw TraceFault("\(path): expected a file whose name ends in .json or .jsonl")
    }
    guard let bytes = FileManager.default.contents(atPath: path) else { throw TraceFault("\(path): can't be read") }
    return url.pathExtension == "json"
      ? try Trace.workload(Array(bytes), file: path, name: name)
      : try Recording.workload(Array(bytes), file: path, name: name)
  }

  /// Decodes a JSON text.
  /// - Parameters:
  ///   - file: where the text was read, for messages.
  ///   - line: the one line of the file that the text is; nil when it is all of it.
  /// - Throws: why it is no JSON, or which value in it is not as expected.
  static func decode<Value: Decodable>(
    _ type: Value.Type, _ bytes: [UInt8], file: String, line: Int? = nil
  ) throws(TraceFault) -> Value {
    if let fault = LocatedJSON.fault(in: bytes) {
      throw TraceFault("\(file):\(line ?? fault.position.line):\(fault.position.column): \(fault.message)")
    }
    let file = line.map { "\(file):\($0)" } ?? file
    do {
      return try JSONDecoder().decode(type, from: Data(bytes))
    } catch DecodingError.keyNotFound(let key, let context) {
      throw TraceFault("\(file): \(place(context.codingPath + [key])): expected, but missing")
    } catch DecodingError.typeMismatch(let type, let context), DecodingError.valueNotFound(let type, let context) {
      throw TraceFault("\(file): \(place(context.codingPath)): expected \(word(for: type))")
    } catch DecodingError.dataCorrupted(let context) {
      throw TraceFault("\(file): \(place(context.codingPath)): \(context.debugDescription)")
    } catch {
      throw TraceFault("\(file): \(error)")
    }
  }

  /// A time in a file.
  /// - Throws: when it is negative or beyond `secondsLimit`.
  static func duration(_ seconds: Double, _ place: @autoclosure () -> String) throws(TraceFault) -> Duration {
    guard (0...secondsLimit).contains(seconds) else {
      throw TraceFault("\(place()): found \(seconds), expected seconds from 0 to \(Int(secondsLimit))")
    }
    return .seconds(seconds)
  }

  private static func place(_ path: [any CodingKey]) -> String {
    path.reduce("") { text, key in
      key.intValue.map { "\(text)[\($0)]" } ?? (text.isEmpty ? key.stringValue : "\(text).\(key.stringValue)")
    }
  }

  private static func word(for type: any Any.Type) -> String {
    if type is Double.Type || type is Int.Type { return "a number" }
    return type is String.Type ? "a string" : "a list or an object"
  }
}

/// What is wrong with a file that a simulation reads.
struct TraceFault: Error, Hashable, CustomStringConvertible {
  let description: String

  init(_ description: String) { self.description = description }
}
