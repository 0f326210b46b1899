/// Text that may stand in an HTML page as it is: what is put into it is escaped.
struct HTML: ExpressibleByStringInterpolation {
  let text: String

  init(stringLiteral text: String) { self.text = text }

  init(stringInterpolation interpolation: Interpolation) { text = interpolation.text }

  init(_ parts: [HTML]) { text = parts.map(\.text).joined() }

  struct Interpolation: StringInterpolationProtocol {
    fileprivate var text = ""

    init(literalCapacity: Int, interpolationCount: Int) {}

    mutating func appendLiteral(_ literal: String) { text += literal }

    mutating func appendInterpolation(_ html: HTML) { text += html.text }

    mutating func appendInterpolation(_ parts: [HTML]) { text += HTML(parts).text }

    /// Escapes what has a meaning in text or between quotes (HTML, section 13.3); control characters become blanks.
    mutating func appendInterpolation(_ value: some CustomStringConvertible) {
      for scalar in value.description.unicodeScalars {
        switch scalar {
        case "&": text += "&amp;"
        case "<": text += "&lt;"
        case ">": text += "&gt;"
        case "\"": text += "&quot;"
        case "'": text += "&#39;"
        case _ where scalar.properties.generalCategory == .control: text += " "
        default: text.unicodeScalars.append(scalar)
        }
      }
    }
  }
}
