internal import Core
internal import Foundation
internal import HTTP

/// The program: reads its command line and does what it says.
@main
struct Main {
  /// What the program tells the shell.
  private enum ExitStatus: Int32 {
    case ok = 0
    case failure = 1
    case usage = 2
  }

  static func main() async {
    let process = ProcessInfo.processInfo
    do throws(UsageError) {
      let command = try Command(parsing: Array(process.arguments.dropFirst()), environment: process.environment)
      exit(await run(command, environment: process.environment))
    } catch {
      say(error.description)
      exit(ExitStatus.usage.rawValue)
    }
  }

  private static func run(_ command: Command, environment: [String: String]) async -> Int32 {
    switch command {
    case .serve(let overrides): return await serve(overrides, environment).rawValue
    case .check(let overrides, let prints): return check(overrides, environment, prints: prints).rawValue
    case .stubEngine(let options): return await StubEngine.run(options)
    case .simulate(let options): return SimulateCommand.run(options)
    case .client(let request, let options): return await DaemonClient(options).run(request)
    case .version:
      print("switcher \(Version.number)")
      return ExitStatus.ok.rawValue
    case .help(let text):
      print(text)
      return ExitStatus.ok.rawValue
    }
  }

  private static func serve(_ overrides: Overrides, _ environment: [String: String]) async -> ExitStatus {
    do {
      let source = source(overrides, environment)
      let configuration = try source.load()
      let logs = Logs(configuration.logging, secrets: SecretKeeper(configuration.secrets))
      defer { logs.output.flush() }
      for warning in configuration.warnings { logs.daemon.warning("configuration", ["warning": warning]) }
      let recorder = try recorder(overrides.recordPath, logs.daemon)
      do {
        try await Application(configuration, source: source, logs: logs, recorder: recorder).run()
        return .ok
      } catch {
        logs.daemon.error("cannot serve", ["error": "\(error)"])
        return .failure
      }
    } catch {
      say("\(error)")
      return .usage
    }
  }

  private static func recorder(_ setting: Overrides.Setting?, _ logger: Logger) throws(RecordingFault) -> Recorder? {
    guard let setting else { return nil }
    do throws(RecordingFault) {
      return Recorder(try RecordingFile(path: setting.value), logger: logger)
    } catch {
      throw RecordingFault("\(setting.source): \(error)")
    }
  }

  private static func check(
    _ overrides: Overrides, _ environment: [String: String], prints: Bool
  ) -> ExitStatus {
    do throws(ConfigurationFaults) {
      let configuration = try source(overrides, environment).load()
      for warning in configuration.warnings { say("warning: \(warning)") }
      print(prints ? configuration.printed() : "\(configuration.models.count) models, no faults")
      return .ok
    } catch {
      say("\(error)")
      return .usage
    }
  }

  private static func source(_ overrides: Overrides, _ environment: [String: String]) -> ConfigurationSource {
    let executable = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? "switcher"
    let loader = ConfigurationLoader(
      environment: environment, executable: executable, ports: FreePorts(), overrides: overrides)
    return ConfigurationSource(loader: loader, path: overrides.configPath?.value ?? "config.json")
  }

  private static func say(_ text: String) { FileHandle.standardError.write(Data("\(text)\n".utf8)) }
}
