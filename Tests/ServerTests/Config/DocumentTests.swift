import Foundation
import Testing

@testable import Server

struct DocumentTests {
  private static let root = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../..")
    .standardizedFileURL

  /// The whole configurations that a document shows.
  private func configurations(in document: String) throws -> [String] {
    let text = try String(contentsOf: Self.root.appending(path: document), encoding: .utf8)
    return text.components(separatedBy: "```json\n").dropFirst().compactMap { rest in
      rest.components(separatedBy: "```").first.flatMap { $0.contains("\"models\"") ? $0 : nil }
    }
  }

  @Test(arguments: [("README.md", 1), ("docs/migration.md", 2)])
  func `the configurations that the documents show are valid, and all of them takes effect`(
    document: String, count: Int
  ) throws {
    let configurations = try configurations(in: document)
    #expect(configurations.count == count)
    for text in configurations {
      #expect(try ConfigurationText(text).load().warnings == [], "\(text)")
    }
  }
}
