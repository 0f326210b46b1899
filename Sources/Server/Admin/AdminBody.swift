internal import Core
internal import Foundation
internal import HTTP
internal import Switcher

/// Why an admin route did not do what it was asked.
struct AdminError: Error {
  let status: Int
  let message: String

  init(_ status: Int, _ message: String) {
    self.status = status
    self.message = message
  }

  init(_ error: SwitchError) {
    switch error {
    case .unknownModel(let model): self.init(404, "found no model \"\(model)\"")
    case .superseded(let message): self.init(409, message)
    case .shuttingDown: self.init(409, "the daemon is shutting down")
    case .switchFailed(let model, let message, _): self.init(500, "\(model) could not be switched: \(message)")
    case .manualMode, .queueFull, .timedOut, .abandoned: self.init(500, "\(error)")
    }
  }
}

/// What an admin route is told.
protocol AdminBody: Decodable, Sendable {
  func command() throws(AdminError) -> Switcher.Command
  /// Said when the command was carried out.
  var success: String { get }
}

extension AdminBody {
  /// Reads it from a request's body.
  /// - Throws: 400 with the member at fault and what was expected of it.
  init(json body: [UInt8]) throws(AdminError) {
    do {
      self = try JSONDecoder().decode(Self.self, from: Data(body))
    } catch let error as DecodingError {
      throw AdminError(400, Self.describe(error))
    } catch {
      throw AdminError(400, "the body could not be read: \(error)")
    }
  }

  private static func describe(_ error: DecodingError) -> String {
    switch error {
    case .keyNotFound(let key, let context):
      "\(path(context.codingPath + [key])): found nothing, expected a value"
    case .typeMismatch(let type, let context):
      "\(path(context.codingPath)): expected \(type == String.self ? "a string" : "an object")"
    case .valueNotFound(_, let context): "\(path(context.codingPath)): found null, expected a value"
    case .dataCorrupted(let context):
      context.codingPath.isEmpty
        ? "the body is not valid JSON" : "\(path(context.codingPath)): \(context.debugDescription)"
    @unknown default: "\(error)"
    }
  }

  private static func path(_ keys: [any CodingKey]) -> String {
    keys.isEmpty ? "the body" : keys.map(\.stringValue).joined(separator: ".")
  }
}

struct ModeBody: AdminBody {
  let mode: String

  func command() throws(AdminError) -> Switcher.Command {
    switch mode {
    case "auto": return .auto
    case "manual": return .manual
    default: throw AdminError(400, "mode: found \"\(mode)\", expected \"auto\" or \"manual\"")
    }
  }

  var success: String { "the mode is \(mode)" }
}

struct PinBody: AdminBody {
  let model: String

  func command() -> Switcher.Command { .pin(ModelID(model)) }

  var success: String { "\(model) is pinned and active" }
}

struct SwitchBody: AdminBody {
  let model: String

  func command() -> Switcher.Command { .force(ModelID(model)) }

  var success: String { "\(model) is active" }
}

struct WakeBody: AdminBody {
  let model: String

  func command() -> Switcher.Command { .wake(ModelID(model)) }

  var success: String { "\(model) is awake" }
}

struct SleepBody: AdminBody {
  let model: String
  let eviction: EvictionBody?

  func command() -> Switcher.Command { .sleep(ModelID(model), eviction?.value) }

  var success: String { "\(model) is asleep" }
}

struct EvictionOrderBody: AdminBody {
  let model: String
  let eviction: EvictionBody

  func command() -> Switcher.Command { .setEviction(ModelID(model), eviction.value) }

  var success: String { "\(model) gives the GPU up by \(eviction.value), until the configuration is read anew" }
}

/// An eviction as the configuration spells it: `{"weights":"offload","process":"keep_running"}`, "offload+keep_running" or
/// one of the numbers.
struct EvictionBody: Decodable, Sendable {
  let value: Eviction

  init(from decoder: any Decoder) throws {
    if let words = try? decoder.singleValueContainer().decode(String.self) {
      value = try Self.require(Eviction(words: words), "found \"\(words)\", expected weights+process", decoder)
      return
    }
    if let number = try? decoder.singleValueContainer().decode(Int.self) {
      value = try Self.require(Eviction(number: number), "found \(number), expected a number from 1 to 5", decoder)
      return
    }
    let container = try decoder.container(keyedBy: CodingKeys.self)
    let weights = try container.decodeIfPresent(String.self, forKey: .weights) ?? Eviction.default.weights.rawValue
    let process = try container.decodeIfPresent(String.self, forKey: .process) ?? Eviction.default.process.rawValue
    let choices = Eviction.Weights.allCases.map(\.rawValue) + Eviction.ProcessStrategy.allCases.map(\.rawValue)
    value = try Self.require(
      Eviction(words: "\(weights)+\(process)"),
      "found \(weights) and \(process), expected of \(choices.joined(separator: ", "))", decoder)
  }

  private static func require(_ value: Eviction?, _ fault: String, _ decoder: any Decoder) throws -> Eviction {
    guard let value else {
      throw DecodingError.dataCorrupted(.init(codingPath: decoder.codingPath, debugDescription: fault))
    }
    return value
  }

  private enum CodingKeys: String, CodingKey { case weights, process }
}
