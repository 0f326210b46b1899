/// Writes records of what happened, each with its fields, to one sink; a value that is handed down, never a global.
package struct Logger: Sendable {
  package enum Level: Int, Sendable, Comparable, CaseIterable {
    case debug, info, warning, error

    package var name: String {
      switch self {
      case .debug: "debug"
      case .info: "info"
      case .warning: "warning"
      case .error: "error"
      }
    }

    package static func < (left: Level, right: Level) -> Bool { left.rawValue < right.rawValue }
  }

  /// One line of the log before it is laid out.
  package struct Record: Sendable {
    package let level: Level
    package let message: String
    package let fields: [Field]

    package init(level: Level, message: String, fields: [Field]) {
      self.level = level
      self.message = message
      self.fields = fields
    }
  }

  package struct Field: Sendable, Equatable {
    package let name: String
    package let value: String

    /// The same as a number, if that is what was logged.
    package let number: Int?

    package init(_ name: String, _ value: String) {
      self.name = name
      self.value = value
      number = nil
    }

    package init(_ name: String, _ value: any CustomStringConvertible) {
      self.name = name
      self.value = value.description
      number = (value as? any BinaryInteger).flatMap { Int(exactly: $0) }
    }
  }

  /// What the task at hand is about: on every line that is logged in it, by whatever logger.
  @TaskLocal package static var subject: [Field] = []

  private let threshold: LogThreshold
  private let context: [Field]
  private let sink: @Sendable (Record) -> Void

  /// - Parameter sink: takes each record at or above `level`; called from any thread, must not wait long.
  package init(level: Level = .info, sink: @escaping @Sendable (Record) -> Void) {
    self.init(threshold: LogThreshold(level), sink: sink)
  }

  /// - Parameters:
  ///   - threshold: can be changed while the logger is in use, and all that were made of it.
  ///   - sink: takes each record that passes; called from any thread, must not wait long.
  package init(threshold: LogThreshold, sink: @escaping @Sendable (Record) -> Void) {
    self.init(threshold: threshold, context: [], sink: sink)
  }

  private init(threshold: LogThreshold, context: [Field], sink: @escaping @Sendable (Record) -> Void) {
    self.threshold = threshold
    self.context = context
    self.sink = sink
  }

  /// Drops everything.
  package static let silent = Logger(level: .error) { _ in }

  /// A logger that adds a field to all it writes.
  package func with(_ name: String, _ value: any CustomStringConvertible) -> Logger {
    Logger(threshold: threshold, context: context + [Field(name, value)], sink: sink)
  }

  package typealias Fields = KeyValuePairs<String, any CustomStringConvertible>

  package func debug(_ message: @autoclosure () -> String, _ fields: Fields = [:]) { log(.debug, message, fields) }
  package func info(_ message: @autoclosure () -> String, _ fields: Fields = [:]) { log(.info, message, fields) }
  package func warning(_ message: @autoclosure () -> String, _ fields: Fields = [:]) { log(.warning, message, fields) }
  package func error(_ message: @autoclosure () -> String, _ fields: Fields = [:]) { log(.error, message, fields) }

  private func log(_ level: Level, _ message: () -> String, _ fields: Fields) {
    guard threshold.admits(level) else { return }
    let fields = context + Self.subject + fields.map { Field($0.key, $0.value) }
    sink(Record(level: level, message: message(), fields: fields))
  }
}
