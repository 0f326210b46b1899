package import Core
package import Policies

/// Something that happened; all that can change the machine.
package enum Event: Sendable {
  case requestArrived(Ticket, ModelID, deadline: Instant)
  /// The caller left while it waited. One that was granted in the meantime finishes like any other.
  case requestAbandoned(Ticket, ModelID)
  case requestFinished(Grant)

  case slept(ModelID, Residence)
  case sleepFailed(ModelID, message: String)
  case woke(ModelID, Instance)
  case wakeFailed(ModelID, RuntimeFailure)
  case stopped(ModelID)
  case stopFailed(ModelID, message: String)
  case runtimeDied(ModelID, Death)
  /// The model's old server is gone, and the next wake is its successor's.
  case retired(ModelID)
  /// The model's old server could not be ended.
  case retireFailed(ModelID, message: String)

  /// The daemon starts, or has a new configuration, and is to have this model awake.
  case preload(ModelID, Trigger)
  case timerFired
  case command(CommandID, Command)
  case policyReplaced(any SwitchPolicy)
  /// The configuration was read anew: these are the models from now on, each name once.
  case modelsReplaced([ModelRevision], requestTimeout: Duration)
  case shutdown
}

/// Something to be done in the world; all that the machine can ask for.
package enum Effect: Sendable {
  case grant(Grant)
  case reject(Ticket, SwitchError)
  /// Cut off what is on the model's server: so many requests, each of which then finishes like any other. Comes again while
  /// some have not.
  case cut(ModelID, requests: Int)
  /// To be answered with `slept` or `sleepFailed`.
  case sleep(ModelID, Eviction?)
  /// To be answered with `woke` or `wakeFailed`.
  case wake(ModelID)
  /// To be answered with `stopped` or `stopFailed`; a sleep or wake of the model that is still running is cancelled and not
  /// answered any more.
  case stop(ModelID)
  /// To be answered with `retired` when the model's server has ended and was replaced by its successor, if there is one, or
  /// with `retireFailed`; after whatever is still running on the model.
  case retire(ModelID)
  /// Send `timerFired` then; replaces the timer set before.
  case setTimer(Instant)
  case answer(CommandID, Result<Void, SwitchError>)
  case note(Notice)
}
