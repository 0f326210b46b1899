/// What a stand-in model server is told on its command line.
struct StubEngineOptions: Hashable, Sendable {
  /// The port on 127.0.0.1; 0 takes a free one, which the log names.
  var port: UInt16 = 8000
  /// The name it serves, and gives in its answers.
  var model = "stub"
  /// From the start of the process until connections are accepted.
  var startTime: Duration = .zero
  var sleepTime: Duration = .zero
  var wakeTime: Duration = .zero
  /// How long `collective_rpc reload_weights` takes.
  var reloadTime: Duration = .zero
  /// Between a token of an answer and the next.
  var tokenTime: Duration = .milliseconds(10)
  /// The path of the file whose lock stands for the GPU's memory; nil: there is always enough.
  var gpuFile: String?
  var failures: Set<StubFailure> = []
}

/// Something that a stand-in model server does wrong on purpose.
enum StubFailure: Hashable, Sendable {
  /// The process exits with status 1 when it should begin to serve.
  case start
  /// The call takes its time and answers 500.
  case sleep, wake, reload
  /// The connection of every completion is cut after so many tokens.
  case midStream(afterTokens: Int)

  /// What the values of `--fail` look like, for messages.
  static let expected = "start, sleep, wake, reload, mid-stream or mid-stream:N"

  /// Reads a value of `--fail`; nil when it is none of `expected`.
  init?(_ text: String) {
    switch text {
    case "start": self = .start
    case "sleep": self = .sleep
    case "wake": self = .wake
    case "reload": self = .reload
    case "mid-stream": self = .midStream(afterTokens: 1)
    default:
      let prefix = "mid-stream:"
      guard text.hasPrefix(prefix), let tokens = Int(text.dropFirst(prefix.count)), tokens >= 0 else { return nil }
      self = .midStream(afterTokens: tokens)
    }
  }
}
