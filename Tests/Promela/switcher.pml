/* The switch protocol as Sources/Switcher carries it out, for Spin 6.5; scripts/spin checks it.
 *
 * Two models, and as many requests, commands of the operator, new configurations, crashes and failures as are set below,
 * with a shutdown or without. Every event is one atomic step, as in the actor: it is taken in, the machine settles, and
 * the effects reach the world before the next one. The machine's names are those of the Swift sources. The policy is any
 * policy: it goes to whichever candidate, or asks to be asked again; so replacing it changes nothing. What the world
 * does, and when, is up to chance. A request that falls back on another model is to the machine a new one.
 *
 * The environment of pan says how much of everything there is (see readSettings); FAULT=n plants a fault, which must be
 * found:
 *   1 a model is put to sleep before its last request has ended     2 a grant is counted a step after it was given
 *   3 the drain does not close the admission                        4 a sleep that failed is not followed by a stop
 *   5 a wake that failed is not followed by a stop                  6 the end of a back-off is no occasion to settle
 *   7 the end of a switch is no occasion to ask the policy          8 a late end counts against the next instance
 *   9 manual mode leaves those who wait for others in the queue    10 the policy is asked in manual mode too
 *  11 a death that is reported during the wake is forgotten        12 a command begins its switch during another one
 *  13 nobody looks at the demand again before the sleep            14 the wake goes on beside an old model that stays
 *  15 whoever leaves or times out stays in the queue               16 a pin that failed stays
 *  17 a model that departs is ended while it is awake              18 the start of a model that departs goes on
 *  19 a model that departs is woken                                20 a removed model keeps those who wait for it
 *  21 a removed model that comes back keeps the server that ends   22 the shutdown forgets the commands that wait
 *  23 a switch wakes its target after the shutdown                 24 a model is woken while its process is being ended
 *  25 a process that is being ended is ended once more             26 a model that departs is not drained
 *  27 a switch does not hear that its target was replaced          28 a removed model stays pinned
 *  29 the shutdown does not take a drain back                      30 a model that can't be ended counts as gone
 *  31 a model that died counts as gone at once                     32 a model that departs and can't be ended counts so
 *  33 a model is woken beside one that is lost                     34 in manual mode too a model goes to sleep by itself
 */
#define REQUESTS 3                 /* room for so many; two at a time is the most that a model takes */
#define COMMANDS 2

c_decl {
  static int setting(const char *name, int otherwise) {
    const char *text = getenv(name);
    return text ? atoi(text) : otherwise;
  }
}

/* The bounds of the search, and the planted fault; no part of the state. */
hidden byte requests, commands, fault;
byte crashes, failures, reloads, closes, rests;

inline readSettings() {
  c_code {
    fault = setting("FAULT", 0);
    requests = setting("REQUESTS", REQUESTS); commands = setting("COMMANDS", COMMANDS);
    now.crashes = setting("CRASHES", 1); now.failures = setting("FAILURES", 2);
    now.reloads = setting("RELOADS", 0); now.closes = setting("CLOSES", 0);
    now.rests = setting("RESTS", 0);
  } }

#define NONE 2                     /* no model; as a mode: manual without a pin */
#define AUTO 3

#include "effects.pml"
#include "machine.pml"

/* What the servers do. */

inline succeed(x) {
  if :: work[x] == toWake ->
          work[x] = nothing; body[x] = (isDead[x] -> stopped : awake);
          if :: stage == waking && to == x -> woke(x) :: else fi
     :: work[x] == toSleep ->
          work[x] = nothing; body[x] = (isDead[x] || drops -> stopped : asleep);
          if :: stage == sleeping && from == x -> backoff[x] = false; left(x, body[x]) :: else fi
     :: work[x] == toStop -> work[x] = nothing; body[x] = stopped; stopDone(x)
     :: work[x] == nothing -> body[x] = stopped; retired(x)
  fi }

inline goWrong(x) {
  failures--;
  if :: work[x] == nothing -> retireFailed(x)
     :: work[x] == toWake ->
          work[x] = nothing; body[x] = broken; deathInWake[x] = 0;
          if :: stage == waking && to == x -> wakeFailed(x) :: else fi
     :: work[x] == toSleep ->
          work[x] = nothing; body[x] = stuck;
          if :: stage == sleeping && from == x && fault != 4 -> stage = stoppingOld; effectStop(x)
             :: stage == sleeping && from == x && fault == 4 -> left(x, asleep)
             :: else fi
     :: work[x] == toStop -> work[x] = nothing; stopFailed(x)
  fi }

/* It ends; or it hangs, is taken for dead and holds what it holds. */
inline crash(x) {
  crashes--; death[x] = life[x]; isDead[x] = true; isQuiet = true;
  if :: body[x] = stopped
     :: body[x] == awake -> body[x] = stuck
  fi }

/* What holds between any two events. */

#define isCounted(r, m) (st[r] == granted && want[r] == (m) && on[r] == inst[m])
#define books(m) (presence[m] != awake || inFlight[m] == isCounted(0, m) + isCounted(1, m) + isCounted(2, m))
#define isAtRest (work[0] == nothing && work[1] == nothing && death[0] == 0 && death[1] == 0 && !recheck \
  && st[0] != granted && st[1] != granted && st[2] != granted && !isRetiring[0] && !isRetiring[1] \
  && !(backoff[0] && (waits(0) || departure[0] != staying)) && !(backoff[1] && (waits(1) || departure[1] != staying)))

inline checkModel(x) {
  assert(books(x)); assert(presence[x] != awake || work[x] != nothing || stage != idle || seemsAwake(x));
  assert((isServable(x) && isConfigured(x) && !isClosing) || !waits(x));
  assert(!isAtRest || isClosing || departure[x] == staying); assert(!isAtRest || !isEnding[x]) }

inline checkCommand(x) {
  assert(!pinning[x] || cst[x] == pending || cst[x] == joined);
  assert(!isClosing || cst[x] == unsent || cst[x] == done || cst[x] == failed) }

inline check() {
  checkModel(0); checkModel(1); checkCommand(0); checkCommand(1);
  assert(holdsGPU(0) + holdsGPU(1) <= 1); assert(presence[0] != awake || presence[1] != awake);
  assert(mode == AUTO || mode == NONE || pinning[0] || pinning[1] || (mode == pinned && isConfigured(mode % 2)));
  assert(!isAtRest || (stage == idle && !waits(0) && !waits(1) && !hasGoal && !isCommanded)) }

#define mayLeave(r) (st[r] == queued && !answered[r])
#define mayCrash(m) (crashes > 0 && life[m] > 0 && !isDead[m] && \
  (body[m] == awake || body[m] == asleep || work[m] == toWake))

#define mayRest (rests > 0 && stage == idle && !hasGoal && !isClosing && (!isManual || fault == 34) && !waits(0) && !waits(1) \
  && (holder != NONE -> inFlight[holder % 2] == 0 : lastHolder != NONE))

active proctype World() {
  readSettings();
end: do
  :: atomic {
       if
       :: arrived < requests -> arrive()
       :: mayLeave(0) -> leave(0)
       :: mayLeave(1) -> leave(1)
       :: st[0] == granted -> finish(0)
       :: st[1] == granted -> finish(1)
       :: mayLeave(2) -> leave(2)
       :: st[2] == granted -> finish(2)
       :: work[0] != nothing || isRetiring[0] -> succeed(0)
       :: work[1] != nothing || isRetiring[1] -> succeed(1)
       :: (work[0] != nothing || isRetiring[0]) && failures > 0 -> goWrong(0)
       :: (work[1] != nothing || isRetiring[1]) && failures > 0 -> goWrong(1)
       :: mayCrash(0) -> crash(0)
       :: mayCrash(1) -> crash(1)
       :: death[0] > 0 -> died(0)
       :: death[1] > 0 -> died(1)
       :: commanded < commands -> command()
       :: reloads > 0 && !isClosing -> reload()
       :: closes > 0 -> close()
       :: recheck -> skip                                           /* the timer of the policy */
       :: backoff[0] -> endBackoff(0)
       :: backoff[1] -> endBackoff(1)
       :: mayRest -> rest()
       :: stage == draining && snapshot > 0 -> snapshot = 0; isQuiet = true                     /* the drain cap */
       :: fault == 2 && st[0] == granted && !counted[0] -> inFlight[want[0]]++; counted[0] = true
       fi;
       if :: isQuiet -> skip :: else -> settle() fi;
       check(); isQuiet = false; hasEnded = false }
  od }
