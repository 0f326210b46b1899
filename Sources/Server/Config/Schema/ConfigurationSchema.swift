/// The configuration's JSON Schema (draft 2020-12), made of the shapes that the reader reads by.
///
/// What it calls valid the reader can read; the reader takes more in two ways that only its author needs to know: null
/// stands for an absent key, and keys in camel case go unchecked.
enum ConfigurationSchema {
  /// As it stands in `config.schema.json`.
  static var text: String { json.serialized(pretty: true) + "\n" }

  private static let shapes: [ConfigShape] = [
    .model, .defaults, .step, .stepGroup, .request, .evictionWords, .policy, .metrics, .checkpoint,
  ]

  private static var json: JSONValue {
    .object(
      [
        .init("$schema", "https://json-schema.org/draft/2020-12/schema"),
        .init("title", "Switcher's configuration"),
      ] + members(of: .daemon) + [
        .init("$defs", .object(shapes.map { .init($0.name, .object(members(of: $0))) } + [.init("template", template)]))
      ])
  }

  /// `"${env.X}"` stands for a number or a truth value, too.
  private static let template: JSONValue = ["type": "string", "pattern": #"\$\{"#]

  private static func members(of shape: ConfigShape) -> [JSONValue.Member] {
    let properties = shape.properties.map { property in
      JSONValue.Member(
        property.key, .object([.init("description", .string(property.summary))] + members(of: property.value)))
    }
    let required: [JSONValue.Member] =
      shape.required.isEmpty ? [] : [.init("required", .array(shape.required.map { .string($0) }))]
    return [.init("type", "object"), .init("properties", .object(properties))] + required + [
      // The camel case of a key.
      .init("patternProperties", ["^[a-z]+([A-Z][a-z]*)+$": true]),
      .init("additionalProperties", false),
    ]
  }

  private static func members(of value: ConfigShape.Value) -> [JSONValue.Member] {
    switch value {
    case .string: [.init("type", "string")]
    case .word: [.init("type", "string"), .init("minLength", 1)]
    case .text(let form, _): [.init("type", "string"), .init("pattern", .string(form + #"|\$\{"#))]
    case .bool: orTemplate([.init("type", "boolean")])
    case .number(let range):
      orTemplate([
        .init("type", "number"), .init("minimum", .number(range.lowerBound)),
        .init("maximum", .number(range.upperBound)),
      ])
    case .integer(let range):
      orTemplate(
        [.init("type", "integer"), .init("minimum", .number(range.lowerBound))]
          + (range.upperBound == .max ? [] : [.init("maximum", .number(range.upperBound))]))
    case .choice(let words): orTemplate([.init("enum", .array(words.map { .string($0) }))])
    case .array(let element): [.init("type", "array"), .init("items", .object(members(of: element)))]
    case .object(let shape): [.init("$ref", .string("#/$defs/\(shape.name)"))]
    case .map(let element):
      [.init("type", "object"), .init("additionalProperties", .object(members(of: element)))]
    case .oneOf(let values): [.init("anyOf", .array(values.map { .object(members(of: $0)) }))]
    case .any: []
    }
  }

  private static func orTemplate(_ members: [JSONValue.Member]) -> [JSONValue.Member] {
    [.init("anyOf", [.object(members), ["$ref": "#/$defs/template"]])]
  }
}
