import Glibc

extension Registry {
  /// Declares the standard metrics of a process, under the names that every Prometheus client gives them, read from /proc
  /// at each scrape. What can't be read is left out.
  package func addProcessMetrics() {
    let processorTime = collectedCounter(
      "process_cpu_seconds_total", help: "Total user and system CPU time spent in seconds.")
    let residentMemory = gauge(
      "process_resident_memory_bytes", help: "Resident memory size in bytes.")
    let virtualMemory = gauge(
      "process_virtual_memory_bytes", help: "Virtual memory size in bytes.")
    let openFiles = gauge("process_open_fds", help: "Number of open file descriptors.")
    let openFileLimit = gauge(
      "process_max_fds", help: "Maximum number of open file descriptors.")
    let startTime = gauge(
      "process_start_time_seconds", help: "Start time of the process since unix epoch in seconds.")

    let ticksPerSecond = Double(sysconf(Int32(_SC_CLK_TCK)))
    let pageSize = sysconf(Int32(_SC_PAGESIZE))
    // Read once: the kernel derives it from the wall clock, and a start time that moves looks like a restart.
    let bootTime = ProcFiles.contents(of: "/proc/stat").flatMap(ProcessStatistics.bootTimeSeconds)

    collect { samples in
      if let statistics = ProcFiles.contents(of: "/proc/self/stat").flatMap(ProcessStatistics.init) {
        samples.set(processorTime, to: Double(statistics.processorTicks) / ticksPerSecond)
        samples.set(residentMemory, to: statistics.residentMemoryPages * pageSize)
        samples.set(virtualMemory, to: statistics.virtualMemoryBytes)
        if let bootTime {
          samples.set(startTime, to: Double(bootTime) + Double(statistics.startTicks) / ticksPerSecond)
        }
      }
      if let limit = ProcFiles.contents(of: "/proc/self/limits").flatMap(ProcessStatistics.openFileLimit) {
        samples.set(openFileLimit, to: limit)
      }
      // One of them is the directory's own, open only while it is counted.
      if let count = ProcFiles.entryCount(of: "/proc/self/fd") { samples.set(openFiles, to: count - 1) }
    }
  }
}
