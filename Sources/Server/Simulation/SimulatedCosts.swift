internal import Core
internal import Foundation

/// What a switch takes in a simulation.
struct SimulatedCosts: Sendable {
  /// The longest switch that can be simulated, in seconds: a day.
  static let limit = 86_400.0

  private let byPair: [String: Double]
  private let otherwise: Double

  /// - Parameters:
  ///   - byPair: seconds by `a->b`, or by `->b` from anywhere.
  ///   - otherwise: what every other switch takes.
  init(byPair: [String: Double] = [:], otherwise: Double) {
    self.byPair = byPair
    self.otherwise = otherwise
  }

  func seconds(from: ModelID, to: ModelID) -> Double {
    byPair["\(from)->\(to)"] ?? byPair["->\(to)"] ?? otherwise
  }

  /// Reads the costs of single pairs from a file: `{"a->b":2,"b->a":40,"->a":25}`.
  /// - Parameter models: all that the pairs may be of.
  /// - Throws: what can't be read or understood, with the place.
  static func pairs(_ path: String, models: Set<ModelID>) throws(TraceFault) -> [String: Double] {
    guard let bytes = FileManager.default.contents(atPath: path) else { throw TraceFault("\(path): can't be read") }
    let json: LocatedJSON
    do {
      json = try LocatedJSON(parsing: Array(bytes))
    } catch {
      throw TraceFault("\(path):\(error.position): \(error.message)")
    }
    guard case .object(let members) = json.value else {
      throw TraceFault("\(path):\(json.position): expected an object like {\"a->b\": 2, \"->a\": 25}")
    }
    var pairs: [String: Double] = [:]
    for member in members {
      guard names(member.key, models) else {
        let known = models.map(\.name).sorted().joined(separator: ", ")
        throw TraceFault(
          "\(path):\(member.keyPosition): found \"\(member.key)\", expected FROM->TO or ->TO, of the models \(known)")
      }
      guard case .number(let spelling) = member.value.value, let cost = Double(spelling), (0...limit).contains(cost)
      else {
        throw TraceFault("\(path):\(member.value.position): \(member.key): expected seconds from 0 to \(Int(limit))")
      }
      pairs[member.key] = cost
    }
    return pairs
  }

  private static func names(_ key: String, _ models: Set<ModelID>) -> Bool {
    key.ranges(of: "->").contains { arrow in
      let from = key[..<arrow.lowerBound]
      return (from.isEmpty || models.contains(ModelID(String(from))))
        && models.contains(ModelID(String(key[arrow.upperBound...])))
    }
  }
}
