internal import Core

/// What a switch takes in a simulation.
struct SimulatedCosts: Sendable {
  private let byPair: [String: Double]
  private let otherwise: Double

  /// - Parameter seconds: what every switch takes.
  init(seconds: Double) { self.init(byPair: [:], otherwise: seconds) }

  /// - Parameter byPair: seconds by `a->b`, or by `->b` from anywhere.
  init(byPair: [String: Double], otherwise: Double) {
    self.byPair = byPair
    self.otherwise = otherwise
  }

  func seconds(from: ModelID, to: ModelID) -> Double {
    byPair["\(from)->\(to)"] ?? byPair["->\(to)"] ?? otherwise
  }
}
