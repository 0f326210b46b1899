import Backends
import Foundation
import TestSupport
import Testing

@testable import Server

struct ConfigurationSchemaTests {
  private static let path = URL(filePath: #filePath).deletingLastPathComponent()
    .appending(path: "../../../config.schema.json").standardizedFileURL.path

  @Test func `the file in the repository is what the program prints`() throws {
    #expect(try String(contentsOfFile: Self.path, encoding: .utf8) == ConfigurationSchema.text)
  }

  /// A key, an object that may hold it, and the file around a value of it.
  struct Place: CustomTestStringConvertible {
    let shape: ConfigShape
    let property: ConfigShape.Property
    let file: @Sendable (String) -> [String]

    var testDescription: String { "\(shape.name).\(property.key)" }

    /// What is wrong with the key itself when it holds this, in each of the files.
    func faults(_ value: JSONValue) -> [[String]] {
      let member = "\(JSONValue.string(property.key).serialized()): \(value.serialized())"
      return file(member).map { text in
        ConfigurationText(text).faults().filter { $0.contains(".\(property.key)") || $0.contains(": \(property.key)") }
      }
    }
  }

  static let places =
    places(.daemon) { member in
      [
        #"{"models": {"m": {"url": "http://h"}}, \#(member)}"#, "{\(member)}",
        #"{"models": {"x": {"url": "http://h"}}, \#(member)}"#,
        #"{"models": {"x": {"url": "http://h"}}, \#(member), "default_model": "x"}"#,
      ]
    } + places(.metrics) { [#"{"models": {"m": {"url": "http://h"}}, "metrics": {\#($0)}}"#] }
    + places(.defaults) { [#"{"models": {"m": {"url": "http://h"}}, "defaults": {\#($0)}}"#] }
    + places(.checkpoint) { [#"{"models": {"m": {"url": "http://h"}}, "checkpoint": {\#($0)}}"#] }
    + places(.policy) { [#"{"models": {"m": {"url": "http://h"}}, "policy": {\#($0)}}"#] }
    + places(.model) { member in
      [
        "", #", "url": "http://h""#, #", "model_path": "p""#, #", "wake": "w", "sleep": "s""#, #", "endpoint": "n/e""#,
        #"}, "x": {"url": "http://other""#,
      ].flatMap { rest in
        Backend.catalogue.map { #"{"models": {"m": {\#(member), "backend": "\#($0.name)"\#(rest)}}}"# }
      } + [#"{"models": {"m": {\#(member)}}}"#]
    } + places(.evictionWords) { [#"{"models": {"m": {"url": "http://h", "eviction": {\#($0)}}}}"#] }
    + places(.step) { member in ["", #""endpoint": "/x", "#].map { steps("{\($0)\(member)}") } }
    + places(.stepGroup) { member in
      ["", #""parallel": [{"endpoint": "/x"}], "#].map { steps("{\($0)\(member)}") }
    }
    + places(.request) { member in
      ["", #""endpoint": "/x", "#].map { steps(#"{"parallel": [{\#($0)\#(member)}]}"#) }
    }

  private static func steps(_ step: String) -> String {
    #"{"models": {"m": {"url": "http://h", "sleep_endpoints": [\#(step)], "wake_endpoints": [{"endpoint": "/w"}]}}}"#
  }

  private static func places(_ shape: ConfigShape, _ file: @escaping @Sendable (String) -> [String]) -> [Place] {
    shape.properties.map { Place(shape: shape, property: $0, file: file) }
  }

  private static let complaints = [
    "unknown key", "expected a number", "expected a whole", "expected a string", "expected an array",
    "expected an object", "expected true",
  ]

  @Test(.computing, arguments: places)
  func `the reader knows every key of the schema, and takes what that allows`(_ place: Place) {
    for sample in place.property.value.samples {
      let isTaken = place.faults(sample).contains { faults in
        !faults.contains { fault in Self.complaints.contains(where: fault.contains) }
      }
      #expect(isTaken, "\(sample.serialized())")
    }
  }

  @Test(.computing, arguments: places.filter { !$0.property.value.misfits.isEmpty && $0.property.key != "models" })
  func `what the schema does not allow is a fault where what it allows is none`(_ place: Place) throws {
    let sample = try #require(place.property.value.samples.first)
    for misfit in place.property.value.misfits {
      let pairs = zip(place.faults(sample), place.faults(misfit))
      #expect(pairs.contains { $0.isEmpty && !$1.isEmpty }, "\(misfit.serialized())")
    }
  }

  @Test func `the example files name the schema`() throws {
    let shipped = URL(filePath: Self.path).deletingLastPathComponent().appending(path: "config.json")
    #expect(try String(contentsOf: shipped, encoding: .utf8).contains(#""$schema": "./config.schema.json""#))
  }
}

extension ConfigShape.Value {
  /// Values that it allows.
  fileprivate var samples: [JSONValue] {
    switch self {
    case .string, .word: ["x"]
    case .text(_, let example): [.string(example)]
    case .bool: [true, "${env.NOT_SET:-true}"]
    case .number(let range): [.number(range.lowerBound), .number(range.upperBound)]
    case .integer(let range): [.number(range.lowerBound), .number(min(range.upperBound, 1 << 30))]
    case .choice(let words): words.map { .string($0) }
    case .array(let element): [.array(element.samples), []]
    case .object(let shape): [.object(shape.sample)]
    case .map(let element): element.samples.map { ["n": $0] }
    case .oneOf(let values): values.flatMap(\.samples)
    case .any: ["x", ["a": 1], 5]
    }
  }

  /// Values that it does not allow.
  fileprivate var misfits: [JSONValue] {
    switch self {
    case .string: [5, [:]]
    case .word: [5, ""]
    case .text: ["x", 5]
    case .bool: [1, "yes"]
    case .number(let range): [.number(range.upperBound * 2 + 1), "x", true]
    case .integer(let range): [.number(range.lowerBound - 1), .number(1.5), "x"]
    case .choice: ["no-such-word", true]
    case .array: ["x"]
    case .object: ["x"]
    case .map: ["x"]
    case .oneOf: ["no-such-word", [1]]
    case .any: []
    }
  }
}

extension ConfigShape {
  fileprivate var sample: [JSONValue.Member] {
    properties.filter { required.contains($0.key) }.compactMap { property in
      property.value.samples.first.map { JSONValue.Member(property.key, $0) }
    }
  }
}
