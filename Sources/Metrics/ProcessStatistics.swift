/// What the kernel has counted for a process: the fields of /proc/PID/stat that the standard metrics are made of (proc(5)).
struct ProcessStatistics: Equatable {
  /// Time on the processor, in user and kernel mode together, in clock ticks.
  let processorTicks: Int
  /// When the process began, in clock ticks since the machine did.
  let startTicks: Int
  let virtualMemoryBytes: Int
  let residentMemoryPages: Int

  /// - Parameter stat: the content of /proc/PID/stat; the result is `nil` if it has another form.
  init?(stat: String) {
    // The second field is the program's name, in which anything may stand, spaces and parentheses too.
    guard let nameEnd = stat.lastIndex(of: ")") else { return nil }
    let fields = stat[nameEnd...].split(whereSeparator: \.isWhitespace)
    /// A field by its number in proc(5), where the name is number 2.
    func field(_ number: Int) -> Int? { fields.indices.contains(number - 2) ? Int(fields[number - 2]) : nil }
    guard
      let userTicks = field(14), let kernelTicks = field(15), let startTicks = field(22),
      let virtualMemoryBytes = field(23), let residentMemoryPages = field(24)
    else { return nil }
    processorTicks = userTicks + kernelTicks
    self.startTicks = startTicks
    self.virtualMemoryBytes = virtualMemoryBytes
    self.residentMemoryPages = residentMemoryPages
  }

  /// When the machine was started, in seconds since 1970, out of the content of /proc/stat.
  static func bootTimeSeconds(stat: String) -> Int? { number(after: "btime", in: stat) }

  /// How many descriptors a process may have open, out of the content of /proc/PID/limits; `nil` where it is unlimited.
  static func openFileLimit(limits: String) -> Int? { number(after: "Max open files", in: limits) }

  /// The number that follows a line's title.
  private static func number(after title: String, in text: String) -> Int? {
    guard let line = text.split(separator: "\n").first(where: { $0.hasPrefix(title + " ") }) else { return nil }
    return line.dropFirst(title.count).split(separator: " ").first.flatMap { Int($0) }
  }
}
