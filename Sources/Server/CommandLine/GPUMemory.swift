internal import Foundation
internal import Glibc

/// How much of the GPU's memory is in use, as nvidia-smi tells it.
enum GPUMemory {
  /// In MiB, over all GPUs of this machine; nil where there is no nvidia-smi, or it has nothing to tell.
  static func usedMiB() -> Int? {
    // Not Foundation's Process, which may die of the names in /proc/self/fd: it reads on behind them.
    let command = "nvidia-smi --query-gpu=memory.used --format=csv,noheader,nounits 2> /dev/null"
    guard let output = unsafe popen(command, "re") else { return nil }
    var text: [UInt8] = []
    while case let byte = unsafe getc(output), byte != EOF { text.append(UInt8(truncatingIfNeeded: byte)) }
    guard unsafe pclose(output) == 0 else { return nil }
    return sum(of: String(decoding: text, as: UTF8.self))
  }

  /// The sum of what was printed, a whole number a line; nil where that is something else.
  static func sum(of text: String) -> Int? {
    let numbers = text.split(separator: "\n").map { Int($0.trimmingCharacters(in: .whitespaces)) }
    guard !numbers.isEmpty, numbers.allSatisfy({ $0 != nil }) else { return nil }
    return numbers.reduce(0) { $0 + ($1 ?? 0) }
  }
}
