internal import CLinux
internal import Glibc

/// Runs `body` on a new detached thread that takes no signals. Returns why it could not, nil when it will.
package func startThread(name: String, _ body: @escaping @Sendable () -> Void) -> SystemFailure? {
  final class Start: Sendable {
    let name: String
    let body: @Sendable () -> Void

    init(name: String, body: @escaping @Sendable () -> Void) {
      self.name = name
      self.body = body
    }
  }
  let start = unsafe Unmanaged.passRetained(Start(name: name, body: body))
  var thread = pthread_t()
  let code = unsafe pthread_create(
    &thread, nil,
    { argument in
      // The argument is the object retained above, and this is the one place that takes that reference over.
      guard let argument = unsafe argument else { return nil }
      let start = unsafe Unmanaged<Start>.fromOpaque(argument).takeRetainedValue()
      linux_block_all_signals()
      unsafe linux_name_thread(start.name)
      start.body()
      return nil
    }, start.toOpaque())
  guard code == 0 else {
    unsafe start.release()
    return SystemFailure("pthread_create", code: code)
  }
  pthread_detach(thread)
  return nil
}
