/// `switcher stub-engine`: a model server with vLLM's HTTP surface and no model, for demonstrations and tests.
enum StubEngine {
  /// Serves until the process is told to end; returns the exit status when it can't begin.
  static func run(_ options: StubEngineOptions) async -> Int32 {
    1
  }
}
