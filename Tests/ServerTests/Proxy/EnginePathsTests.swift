import Testing

@testable import Server

struct EnginePathsTests {
  @Test(arguments: [
    "/sleep", "/SLEEP/", "//sleep", "/%73leep", "\\sleep", "/v1/../sleep", "/v1/./..\\wake_up", "/models/load",
    "/reset_prefix_cache", "/release_memory_occupation",
  ])
  func `a control path is known however it is written`(path: String) { #expect(EnginePaths.contains(path)) }

  @Test(arguments: [
    "/..", "/../gateway/sleep", "/../../gateway/v1/models", "/%2e%2e/gateway/sleep", "/.%2E\\gateway/sleep",
    "/v1/../../gateway/sleep", "/v1/%2E%2e/../gateway/sleep", "/v1/./../..", "/v1//../../gateway/sleep",
    "/models//x/../../load", "/v1/../other/sleep", "/v1/%2E./other", "/v1/x/../models", "/v1/x/..", "/v1/../%CC%81x",
  ])
  func `a path that may climb out of its server's base path is one, wherever it leads`(path: String) {
    #expect(EnginePaths.contains(path))
    #expect(EnginePaths.mayContain(path))
  }

  @Test(arguments: ["/", "", "/v1/models", "/v1/chat//completions", "/v1/./models", "/v1/sleep", "/v1/a..b", "/..a"])
  func `other paths are the clients'`(path: String) { #expect(!EnginePaths.contains(path)) }
}
