internal import Core
internal import Synchronization

/// All that must not be shown, for as long as the program runs: what was secret in an earlier configuration still is.
final class SecretKeeper: Sendable {
  private let secrets: Mutex<Secrets>

  init(_ secrets: Secrets) { self.secrets = Mutex(secrets) }

  func add(_ more: Secrets) { secrets.withLock { $0.formUnion(more) } }

  func masked(_ text: String) -> String { secrets.withLock(\.self).masked(in: text) }

  func masked(_ record: Logger.Record) -> Logger.Record {
    let secrets = secrets.withLock(\.self)
    return Logger.Record(
      level: record.level, message: secrets.masked(in: record.message),
      fields: record.fields.map { $0.number == nil ? Logger.Field($0.name, secrets.masked(in: $0.value)) : $0 })
  }
}
