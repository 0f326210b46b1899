internal import Core
internal import Policies

@testable import Switcher

extension World {
  /// Equal for two worlds that behave alike from now on. Times count from now and lives from each server's latest one;
  /// what has only been booked (switches, costs, GPU time) is left out.
  var fingerprint: Int {
    var hasher = Hasher()
    hasher.combine(configured)
    for server in servers { hasher.combine(server.isRetiring) }
    for model in machine.models {
      let server = servers[index(of: model.id)]
      hasher.combine(model.id)
      hasher.combine(model.departure)
      hasher.combine(model.isRetiring)
      hasher.combine(server.body)
      hasher.combine(server.work)
      hasher.combine(server.unreportedDeath.map { server.instance.number - $0.number })
      hasher.combine(server.lastDead == server.instance)
      combine(model, server.instance, into: &hasher)
    }
    for grant in openGrants {
      hasher.combine(grant.ticket)
      hasher.combine(grant.model)
      hasher.combine(servers[index(of: grant.model)].instance.number - grant.instance.number)
    }
    for waiter in waiters {
      hasher.combine(waiter.ticket)
      hasher.combine(waiter.model)
      hasher.combine(left(waiter.deadline))
    }
    for command in pendingCommands {
      hasher.combine(command.id)
      hasher.combine(command.command)
    }
    hasher.combine(lastAwake)
    hasher.combine(timer.map(left))
    hasher.combine(isClosed)
    hasher.combine(lastTicket)
    combineSwitch(into: &hasher)
    return hasher.finalize()
  }

  private func combine(_ model: ModelState, _ latest: Instance, into hasher: inout Hasher) {
    switch model.presence {
    case .stopped: hasher.combine(0)
    case .lost: hasher.combine(-2)
    case .asleep(let instance): hasher.combine(latest.number - instance.number + 1)
    case .awake(let awake):
      hasher.combine(latest.number - awake.instance.number - 1)
      // Beyond this age nothing depends on it any more.
      hasher.combine(max(left(awake.since), .seconds(-11)))
      if model.limits.idleSleep != nil, awake.inFlight == 0 { hasher.combine(left(awake.idleSince)) }
    }
    hasher.combine(model.deathInWake.map { latest.number - $0.number })
    if model.limits.minSleep > .zero { hasher.combine(model.rest.map { left($0.since) }) }
    hasher.combine(model.breaker.failures)
    hasher.combine(model.breaker.isFailing)
    hasher.combine(model.breaker.until.map { max(left($0), .zero) })
  }

  private func combineSwitch(into hasher: inout Hasher) {
    hasher.combine(machine.settledMode)
    for pin in machine.pendingPins {
      hasher.combine(pin.command)
      hasher.combine(pin.model)
    }
    hasher.combine(machine.lastHolder)
    if machine.defaultModel != nil, let last = machine.lastHolder.flatMap(machine.index(of:)) {
      hasher.combine(machine.models[last].lastLeft.map(left))
    }
    hasher.combine(machine.rechecks.occasions.map(left))
    hasher.combine(machine.rechecks.latest.map(left))
    hasher.combine(machine.goals)
    for (model, commands) in machine.endings.sorted(by: { $0.key < $1.key }) {
      hasher.combine(model)
      hasher.combine(commands)
    }
    guard let transition = machine.transition else { return }
    hasher.combine(transition.from)
    hasher.combine(transition.to)
    hasher.combine(transition.stage)
    hasher.combine(transition.trigger)
    hasher.combine(transition.isPolicyDriven)
    hasher.combine(transition.eviction)
    hasher.combine(transition.commands)
    hasher.combine(transition.failure == nil)
    hasher.combine(machine.drainDeadline.map { max(left($0), .zero) })
    hasher.combine(machine.cutDueAt.map(left))
  }

  private func left(_ instant: Instant) -> Duration { instant == .distantFuture ? .seconds(1 << 40) : instant - now }
}
