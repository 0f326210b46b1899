internal import Core

/// NVIDIA's `cuda-checkpoint`, where the driver's library has no such calls (driver 570 on). Its `--toggle` is not used:
/// done twice, it undoes itself.
struct CUDACheckpointProgram: CUDACheckpointer {
  let program: String
  let runner: ProgramRunner

  func state(of pid: Int32) async throws(RuntimeFailure) -> CUDAState {
    let lines = try await runner.run([program, "--get-state", "--pid", "\(pid)"], within: .seconds(30))
    let text = lines.last ?? ""
    guard let state = CUDAState(rawValue: text.trimmed) else {
      let expected = CUDAState.allCases.map(\.rawValue).joined(separator: ", ")
      throw RuntimeFailure("\(program) --get-state --pid \(pid) printed \"\(text)\", expected one of \(expected)")
    }
    return state
  }

  func carryOut(_ action: CUDAAction, on pid: Int32, within timeout: Duration) async throws(RuntimeFailure) {
    var command = [program, "--action", action.rawValue, "--pid", "\(pid)"]
    if action == .lock { command += ["--timeout", "\(timeout.wholeMilliseconds)"] }
    try await runner.run(command, within: timeout + .seconds(5))
  }
}

extension String {
  fileprivate var trimmed: String {
    String(drop { $0.isWhitespace }.reversed().drop { $0.isWhitespace }.reversed())
  }
}
