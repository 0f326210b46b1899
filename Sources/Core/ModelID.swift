/// The name a model bears in the configuration; the only key by which any part of the program knows it.
///
/// It is never built from a request except by a look-up in the table of configured names, so it may become a label,
/// a log field or a status key as it is.
package struct ModelID: Hashable, Sendable, Comparable, CustomStringConvertible, ExpressibleByStringLiteral {
  package let name: String

  package init(_ name: String) { self.name = name }
  package init(stringLiteral name: String) { self.name = name }

  package var description: String { name }

  package static func < (left: ModelID, right: ModelID) -> Bool { left.name < right.name }
}
