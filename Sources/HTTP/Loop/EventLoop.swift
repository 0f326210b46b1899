internal import CLinux
internal import Core
internal import Glibc
internal import Synchronization

/// One thread that waits for descriptors and deadlines with epoll(7) and runs the tasks that prefer it.
///
/// A task started with `Task(executorPreference: loop)` stays on this thread across its awaits, so what belongs to the
/// loop needs no lock.
// Sendable holds because everything mutable is either behind `remote` or atomic, or touched by the loop's own thread alone.
package final class EventLoop: TaskExecutor, @unchecked Sendable {
  /// What other threads hand to the loop.
  private struct Remote {
    var jobs: [UnownedJob] = []
    var work: [@Sendable () -> Void] = []
    /// The loop has been told to look and has not looked yet.
    var isSignalled = false
    var isStopping = false
    var stopped: [CheckedContinuation<Void, Never>] = []
    var hasStopped = false
  }

  private let remote = Mutex(Remote())
  private let thread = Atomic<UInt>(0)
  private let epoll: CInt
  /// An eventfd(2) whose every write wakes the loop; it is watched for edges, so nobody ever reads it.
  private let wakeUp: CInt

  /// When the loop last came back from waiting. One reading serves a whole batch of events.
  private(set) var now: Instant
  let buffers = BufferPool()
  let upstreams = UpstreamPool()
  // What every request touches is not checked for exclusive access, which would cost it a tenth of its time: each access is
  // over before anything else runs on this thread.
  @exclusivity(unchecked) private var jobs: [UnownedJob] = []
  /// By descriptor.
  @exclusivity(unchecked) private var channels: [Channel?] = []
  private var generation: UInt32 = 0
  private var timers = TimerHeap()
  /// The earliest deadline among the timers.
  private var nextDeadline = Instant.distantFuture
  private var alarms: [UInt64: () -> Void] = [:]

  /// Makes the loop and starts its thread.
  /// - Throws: `SystemFailure` when the process may open no more descriptors or threads.
  package init(name: String) throws(SystemFailure) {
    now = SystemTimeline().now
    epoll = epoll_create1(Int32(EPOLL_CLOEXEC))
    guard epoll >= 0 else { throw SystemFailure("epoll_create1") }
    wakeUp = eventfd(0, Int32(EFD_CLOEXEC | EFD_NONBLOCK))
    guard wakeUp >= 0, linux_epoll_watch(epoll, wakeUp, Self.wakeUpKey) == 0 else {
      let failure = SystemFailure("eventfd")
      Glibc.close(epoll)
      throw failure
    }
    if let failure = startThread(name: name, { self.run() }) { throw failure }
  }

  deinit {
    Glibc.close(epoll)
    Glibc.close(wakeUp)
  }

  private static let wakeUpKey = UInt64.max
  /// Marks the keys of alarms; those of channels have a descriptor, which is never negative, in their low half.
  private static let alarmBit: UInt64 = 1 << 31

  // MARK: From any thread

  package func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    if isCurrent {
      unsafe jobs.append(job)
    } else {
      hand { $0.jobs.append(job) }
    }
  }

  /// Runs `work` on the loop's thread: at once when called there, else as soon as the loop comes to it.
  package func execute(_ work: @escaping @Sendable () -> Void) {
    if isCurrent {
      work()
    } else {
      hand { $0.work.append(work) }
    }
  }

  /// Runs `operation` on the loop's thread and returns to where the caller was; cancellation goes through to it.
  package func run<Result: Sendable, Failure: Error>(
    _ operation: @escaping @Sendable @concurrent () async throws(Failure) -> Result
  ) async throws(Failure) -> Result {
    try await withTaskExecutorPreference(self) { () async throws(Failure) in try await operation() }
  }

  /// Ends the thread. What still waits for a descriptor is told that it was aborted and gets to run once more; a task that
  /// waits for anything else is never resumed, so servers are drained first.
  package func shutdown() async {
    await withCheckedContinuation { continuation in
      let hasStopped = remote.withLock { remote in
        if !remote.hasStopped { remote.stopped.append(continuation) }
        return remote.hasStopped
      }
      guard !hasStopped else { return continuation.resume() }
      hand { $0.isStopping = true }
    }
  }

  /// Stops a debug build whose caller does not run on the loop's thread, where alone the loop's things may be touched.
  func assertIsCurrent() { assert(isCurrent, "off the event loop") }

  /// Whether the caller runs on the loop's thread.
  var isCurrent: Bool { thread.load(ordering: .relaxed) == pthread_self() }

  private func hand(_ change: (inout sending Remote) -> Void) {
    let mustSignal = remote.withLock { remote in
      change(&remote)
      defer { remote.isSignalled = true }
      return !remote.isSignalled
    }
    if mustSignal { _ = eventfd_write(wakeUp, 1) }
  }

  // MARK: On the loop's thread

  /// Takes a non-blocking descriptor over and watches it.
  /// - Throws: `SystemFailure` when the kernel refuses (epoll_ctl(2)); the descriptor is closed then.
  func adopt(_ descriptor: CInt) throws(SystemFailure) -> Channel {
    generation &+= 1
    let key = UInt64(generation) << 32 | UInt64(UInt32(bitPattern: descriptor))
    guard linux_epoll_watch(epoll, descriptor, key) == 0 else {
      let failure = SystemFailure("epoll_ctl")
      _ = Glibc.close(descriptor)
      throw failure
    }
    let index = Int(descriptor)
    while unsafe channels.count <= index { unsafe channels.append(nil) }
    let channel = Channel(descriptor: descriptor, key: key, loop: self)
    unsafe channels[index] = channel
    return channel
  }

  /// Forgets a channel whose descriptor is about to be closed; late events of this batch find its key gone.
  func deregister(_ channel: Channel) {
    unsafe channels[Int(channel.descriptor)] = nil
  }

  /// Sees to it that the channel is asked about its deadlines at `deadline`.
  func setTimer(_ deadline: Instant, for channel: Channel) {
    setTimer(deadline, key: channel.key)
  }

  /// Calls `action` once on the loop's thread when `deadline` has come.
  func schedule(at deadline: Instant, _ action: @escaping () -> Void) {
    generation &+= 1
    let key = UInt64(generation) << 32 | Self.alarmBit
    alarms[key] = action
    setTimer(deadline, key: key)
  }

  private func setTimer(_ deadline: Instant, key: UInt64) {
    timers.insert(deadline: deadline, key: key)
    nextDeadline = min(nextDeadline, deadline)
  }

  /// Suspends a task of this loop until `deadline`, or the loop's end.
  func sleep(until deadline: Instant) async {
    await withCheckedContinuation { continuation in
      schedule(at: deadline) { continuation.resume() }
    }
  }

  private func run() {
    thread.store(pthread_self(), ordering: .relaxed)
    let events = UnsafeMutableBufferPointer<epoll_event>.allocate(capacity: 256)
    defer { unsafe events.deallocate() }
    var batch: [UnownedJob] = []
    var isStopping = false
    while true {
      let count = unsafe wait(for: events)
      now = SystemTimeline().now
      var isSignalled = false
      for index in 0..<count {
        let key = unsafe events[index].data.u64
        if key == Self.wakeUpKey { isSignalled = true } else { unsafe channel(key)?.handle(events[index].events) }
      }
      if nextDeadline.nanoseconds <= now.nanoseconds { fireTimers() }
      if isSignalled { isStopping = takeRemote() }
      runJobs(&batch)
      if isStopping, finish(&batch) { return }
    }
  }

  private func wait(for events: UnsafeMutableBufferPointer<epoll_event>) -> Int {
    var timeoutNanoseconds: Int64 = -1
    if unsafe !jobs.isEmpty {
      timeoutNanoseconds = 0
    } else if nextDeadline.nanoseconds != .max {
      // Late by as long as the last batch took, which costs less than a reading of the clock each time.
      timeoutNanoseconds = max(nextDeadline.nanoseconds - now.nanoseconds, 0)
    }
    return Int(max(unsafe linux_epoll_wait(epoll, events.baseAddress, CInt(events.count), timeoutNanoseconds), 0))
  }

  private func channel(_ key: UInt64) -> Channel? {
    let index = Int(UInt32(truncatingIfNeeded: key))
    guard unsafe index < channels.count, let channel = unsafe channels[index], channel.key == key else { return nil }
    return channel
  }

  private func fireTimers() {
    while let entry = timers.popDue(at: now) {
      if entry.key & Self.alarmBit == 0 {
        channel(entry.key)?.timerFired(entry.deadline)
      } else {
        alarms.removeValue(forKey: entry.key)?()
      }
    }
    nextDeadline = timers.nextDeadline ?? .distantFuture
  }

  /// Returns whether the loop has been told to stop.
  private func takeRemote() -> Bool {
    let (work, isStopping) = remote.withLock { remote in
      remote.isSignalled = false
      unsafe jobs.append(contentsOf: remote.jobs)
      remote.jobs.removeAll(keepingCapacity: true)
      defer { remote.work = [] }
      return (remote.work, remote.isStopping)
    }
    for action in work { action() }
    return isStopping
  }

  /// Runs what is ready, and what that makes ready, for some rounds; then the descriptors get their turn again.
  private func runJobs(_ batch: inout [UnownedJob]) {
    let executor = unsafe asUnownedTaskExecutor()
    var rounds = 0
    while unsafe !jobs.isEmpty, rounds < 64 {
      rounds += 1
      unsafe swap(&batch, &jobs)
      for job in batch { unsafe job.runSynchronously(on: executor) }
      batch.removeAll(keepingCapacity: true)
    }
  }

  private func finish(_ batch: inout [UnownedJob]) -> Bool {
    for channel in unsafe channels { channel?.abort() }
    let alarms = alarms.values
    self.alarms = [:]
    for alarm in alarms { alarm() }
    runJobs(&batch)
    guard unsafe jobs.isEmpty else { return false }
    let waiting = remote.withLock { remote -> [CheckedContinuation<Void, Never>]? in
      guard remote.jobs.isEmpty, remote.work.isEmpty else { return nil }
      remote.hasStopped = true
      defer { remote.stopped = [] }
      return remote.stopped
    }
    guard let waiting else { return false }
    for channel in unsafe channels { channel?.close() }
    for continuation in waiting { continuation.resume() }
    return true
  }
}
