package import Core
internal import Synchronization

/// The last lines that a model's servers have written, one server after the other.
///
/// Whoever reads keeps a place of his own, a line's number, and nobody waits for a reader: one that is too slow finds lines
/// gone.
package final class ModelOutput: Sendable {
  /// A piece of the output, for one reader.
  package struct Piece: Hashable, Sendable {
    package var lines: [String]
    /// How many lines had come between the place that was asked for and the first of these, and are gone.
    package var missed: Int
    /// The number of the last line, which is the place to read on from.
    package var end: Int
  }

  private struct State {
    /// Those that are kept, the oldest first; some before `first` are already given up.
    var lines: [String] = []
    var first = 0
    var bytes = 0
    /// The number of the last line; they count from 1.
    var end = 0
    /// Comes with the next line. Nil while nobody waits for one.
    var news: Eventual<Void>?
    var isClosed = false
  }

  private let state = Mutex(State())
  private let byteLimit: Int

  /// What a line costs besides its text.
  private static let lineCostBytes = 32

  init(byteLimit: Int = 1 << 20) { self.byteLimit = byteLimit }

  /// The last lines, at most so many.
  package func last(_ count: Int) -> Piece {
    state.withLock { state in
      let lines = Array(state.lines[state.first...].suffix(count))
      return Piece(lines: lines, missed: 0, end: state.end)
    }
  }

  /// What came after a line, by its number. One that has not come yet is of an earlier run of the daemon: then it is all.
  package func lines(after place: Int) -> Piece {
    state.withLock { state in
      let kept = state.lines.count - state.first
      let new = place > state.end || place < 0 ? kept : state.end - place
      return Piece(lines: Array(state.lines.suffix(min(new, kept))), missed: max(new - kept, 0), end: state.end)
    }
  }

  /// Waits until there is a line after that one.
  /// - Returns: false when there will be none any more, or when the task was cancelled.
  package func waitForLine(after place: Int) async -> Bool {
    let news: Eventual<Void>? = state.withLock { state in
      guard place >= state.end, !state.isClosed else { return nil }
      let news = state.news ?? Eventual()
      state.news = news
      return news
    }
    await news?.value()
    return !Task.isCancelled && state.withLock { place != $0.end || !$0.isClosed }
  }

  /// Adds lines; nobody is waited for.
  func append(_ lines: [String]) {
    guard !lines.isEmpty else { return }
    let news = state.withLock { state in
      for line in lines {
        state.lines.append(line)
        state.bytes += line.utf8.count + Self.lineCostBytes
      }
      state.end += lines.count
      while state.bytes > byteLimit, state.first < state.lines.count - 1 {
        state.bytes -= state.lines[state.first].utf8.count + Self.lineCostBytes
        state.lines[state.first] = ""
        state.first += 1
      }
      // Moving the rest only now and then makes it cost next to nothing a line.
      if state.first > state.lines.count / 2 {
        state.lines.removeFirst(state.first)
        state.first = 0
      }
      defer { state.news = nil }
      return state.news
    }
    news?.resolve(())
  }

  /// Nothing more will come: who waits is told so.
  func close() {
    let news = state.withLock { state in
      state.isClosed = true
      defer { state.news = nil }
      return state.news
    }
    news?.resolve(())
  }
}

/// The output of every model that ever was configured, for as long as the daemon runs.
package final class ModelOutputs: Sendable {
  private let outputs = Mutex<[ModelID: ModelOutput]>([:])

  package init() {}

  package subscript(model: ModelID) -> ModelOutput {
    outputs.withLock { outputs in
      if let output = outputs[model] { return output }
      let output = ModelOutput()
      outputs[model] = output
      return output
    }
  }

  /// Ends every reader's wait for more, now and later: for a daemon that ends.
  package func close() {
    for output in outputs.withLock({ Array($0.values) }) { output.close() }
  }
}
