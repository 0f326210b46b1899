internal import Foundation

/// Does work that blocks on a thread of its own: on those of the common pool, which has one a core, it would hold up
/// every other test.
package func aside<Value: Sendable, Failure: Error>(
  _ work: @escaping @Sendable () throws(Failure) -> Value
) async throws(Failure) -> Value {
  let outcome = await withCheckedContinuation { continuation in
    Thread.detachNewThread { continuation.resume(returning: Result { () throws(Failure) in try work() }) }
  }
  return try outcome.get()
}
