internal import HTTP

/// Runs blocking work on a thread of its own, so that neither an event loop nor a task's thread is kept waiting; here, if
/// there is no thread to be had.
func onOwnThread<Value: Sendable>(_ work: @escaping @Sendable () -> Value) -> Eventual<Value> {
  let outcome = Eventual<Value>()
  if startThread(name: "blocking", { outcome.resolve(work()) }) != nil { outcome.resolve(work()) }
  return outcome
}
