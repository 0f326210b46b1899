internal import Foundation

/// How much of the GPU's memory is in use, as nvidia-smi tells it.
enum GPUMemory {
  /// In MiB, over all GPUs of this machine; nil where there is no nvidia-smi, or it has nothing to tell.
  static func usedMiB() -> Int? {
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = ["nvidia-smi", "--query-gpu=memory.used", "--format=csv,noheader,nounits"]
    let output = Pipe()
    process.standardOutput = output
    process.standardError = FileHandle.nullDevice
    guard (try? process.run()) != nil else { return nil }
    let data = output.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else { return nil }
    return sum(of: String(decoding: data, as: UTF8.self))
  }

  /// The sum of what was printed, a whole number a line; nil where that is something else.
  static func sum(of text: String) -> Int? {
    let numbers = text.split(separator: "\n").map { Int($0.trimmingCharacters(in: .whitespaces)) }
    guard !numbers.isEmpty, numbers.allSatisfy({ $0 != nil }) else { return nil }
    return numbers.reduce(0) { $0 + ($1 ?? 0) }
  }
}
