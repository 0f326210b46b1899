/* The switch protocol as Sources/Switcher carries it out, for Spin 6.5; scripts/spin checks it.
 *
 * Two models, three requests, two commands of the operator, up to one crash and two failures. Every event is one atomic
 * step, as in the actor: it is taken in, the machine settles, and the effects reach the world before the next one. The
 * machine's names are those of the Swift sources. The policy is any policy: it goes to whichever candidate, or asks to
 * be asked again. What the world does, and when, is up to chance.
 *
 * -DPATIENT       nobody leaves or times out, so that a request that was forgotten waits for ever
 * -DFAULT=n       plants a fault, which must be found:
 *   1 a model is put to sleep before its last request has ended     2 a grant is counted a step after it was given
 *   3 the drain does not close the admission                        4 a sleep that failed is not followed by a stop
 *   5 a wake that failed is not followed by a stop                  6 the end of a back-off is no occasion to settle
 *   7 the end of a switch is no occasion to ask the policy          8 a late end counts against the next instance
 *   9 manual mode leaves those who wait for others in the queue    10 the policy is asked in manual mode too
 *  11 a death that is reported during the wake is forgotten        12 a command begins its switch during another one
 *  13 nobody looks at the demand again before the sleep            14 the wake goes on beside an old model that stays
 *  15 whoever leaves or times out stays in the queue               16 a pin that failed stays
 */
#ifndef FAULT
#define FAULT 0
#endif

#define REQUESTS 3
#define COMMANDS 2
#define NONE 2                     /* no model; as a mode: manual without a pin */
#define AUTO 3

mtype = { stopped, asleep, awake, broken, stuck };                            /* presence and body */
mtype = { idle, draining, sleeping, stoppingOld, waking, stoppingNew };       /* stage of the transition */
mtype = { nothing, toWake, toSleep, toStop };                                 /* slow work */
mtype = { unsent, queued, granted, ended };                                   /* a request */
mtype = { pending, joined, done, failed };                                    /* a command, unsent before */
mtype = { pin, force, sleep, manual, automatic };                             /* its kind */
mtype = { byPolicy, byOperator, byMode, byRecovery };                         /* what set the transition off */

/* The machine. */
mtype presence[2] = stopped; byte inst[2], inFlight[2], deathInWake[2];
bool backoff[2], recheck;
mtype stage = idle, trigger; byte from = NONE, to = NONE, snapshot; bool cold, retry;
byte settledMode = AUTO, lastHolder = NONE;

/* The world: what the servers really do. */
mtype body[2] = stopped, work[2] = nothing; byte life[2], death[2]; bool isDead[2];
byte crashes = 1, failures = 2;

/* Requests, whose numbers are their tickets, and commands, which come in the order of their numbers. */
mtype st[REQUESTS] = unsent; byte want[REQUESTS], on[REQUESTS], arrived; bool answered[REQUESTS], counted[REQUESTS];
mtype cst[COMMANDS] = unsent, kind[COMMANDS]; byte about[COMMANDS], commanded; bool pinning[COMMANDS];
byte pinned = NONE;                /* the last pin that was had */

/* What an event needs while it is taken in; no part of the state. */
hidden byte c, i, k, m, s, again, hasEnded, isQuiet;

#define waits(m) ((st[0] == queued && want[0] == (m)) || (st[1] == queued && want[1] == (m)) \
  || (st[2] == queued && want[2] == (m)))
#define holder (presence[0] == awake -> 0 : (presence[1] == awake -> 1 : NONE))
#define mode (pinning[1] -> about[1] : (pinning[0] -> about[0] : settledMode))
#define isManual (mode != AUTO)
#define served (mode < NONE -> mode : (to != NONE -> to : (holder != NONE -> holder : lastHolder)))
#define isServable(m) (!isManual || (m) == served || (m) == to)
#define isGivingUp (stage == stoppingNew && !retry)
#define isCommanded (cst[0] == joined || cst[1] == joined)
#define hasGoal (cst[0] == pending || cst[1] == pending)
#define slots(m) (2 - (m) % 2)     /* the first model takes two requests at a time, the second one */
#define seemsAwake(m) (body[m] == awake || (death[m] == life[m] && body[m] == stopped && life[m] > 0))
#define holdsGPU(m) (body[m] == awake || body[m] == broken || body[m] == stuck || work[m] == toWake || \
  work[m] == toSleep)
#define isOpen(r, m) (st[r] == granted && want[r] == (m) && on[r] == life[m])
#define open(m) (isOpen(0, m) + isOpen(1, m) + isOpen(2, m))

/* Effects: each is legal, or an assertion fails. */

inline effectSleep(x) {
  assert(open(x) == 0); assert(work[x] == nothing && seemsAwake(x)); assert(!holdsGPU(1 - x));
  work[x] = toSleep }

inline effectWake(x) {
  assert(work[x] == nothing && body[x] != awake && body[x] != broken); assert(!holdsGPU(1 - x));
  if :: body[x] == stopped || isDead[x] -> life[x]++; isDead[x] = false :: else fi;
  work[x] = toWake }

inline effectStop(x) {
  assert(open(x) == 0); assert(work[x] != toStop && work[x] != toSleep && body[x] != awake);
  if :: work[x] == toWake -> body[x] = broken :: else fi;
  work[x] = toStop }

inline effectGrant(r) {
  assert(!answered[r]); assert(work[want[r]] == nothing && seemsAwake(want[r]) && inst[want[r]] == life[want[r]]);
  assert(stage == idle || (stage == draining && r < snapshot));
  answered[r] = true; st[r] = granted; on[r] = inst[want[r]];
  if :: FAULT != 2 -> inFlight[want[r]]++; counted[r] = true :: else fi }

inline effectReject(r) { assert(!answered[r]); answered[r] = true; st[r] = ended; want[r] = 0 }

/* Shared parts. */

inline rejectQueue(x) {
  k = 0;
  do
  :: k < REQUESTS -> if :: st[k] == queued && want[k] == x -> effectReject(k) :: else fi; k++
  :: else -> break
  od }

inline answer(x, result) {
  cst[x] = result;
  if :: pinning[x] -> pinning[x] = (FAULT == 16 && result == failed);
        if :: result == done -> settledMode = about[x]; pinned = about[x] :: else fi
     :: else fi;
  if :: !pinning[x] -> kind[x] = 0; about[x] = 0 :: else fi }

inline answerJoined(result) {
  if :: cst[0] == joined -> answer(0, result) :: else fi;
  if :: cst[1] == joined -> answer(1, result) :: else fi }

inline conclude() {
  stage = idle; trigger = 0; from = NONE; to = NONE; snapshot = 0; cold = false; retry = false; hasEnded = true;
  answerJoined(done) }

inline fail() {
  if :: to != NONE -> rejectQueue(to) :: else fi;
  answerJoined(failed) }

inline wakeTarget() {
  cold = (presence[to] != asleep); deathInWake[to] = 0; stage = waking;
  effectWake(to) }

inline begin(target, cause) {
  assert(stage == idle || FAULT == 12);
  assert(cause != byPolicy || !isManual); assert(cause != byMode || waits(target));
  recheck = false; from = holder; to = target; trigger = cause;
  if :: from != NONE -> stage = draining; snapshot = arrived
     :: else -> wakeTarget()
  fi }

inline left(x, p) {
  presence[x] = p; inFlight[x] = 0; inst[x] = (p == stopped -> 0 : inst[x]);
  if :: to == NONE -> lastHolder = NONE; conclude()
     :: else -> wakeTarget()
  fi }

inline dismiss(x) { if :: lastHolder == x && holder != x -> lastHolder = NONE :: else fi }

/* Settling: brings the machine to rest after each event. */

inline cancelMoot() {
  if :: stage == draining && trigger == byPolicy && !isCommanded && to != NONE && !waits(to) && FAULT != 13 ->
          conclude()
     :: else fi }

inline admit() {
  i = 0;
  do
  :: i < REQUESTS ->
       if :: st[i] == queued && presence[want[i]] == awake && inFlight[want[i]] < slots(want[i]) &&
               (stage == idle || (stage == draining && (i < snapshot || FAULT == 3))) -> effectGrant(i)
          :: else fi;
       i++
  :: else -> break
  od }

inline advance() {
  if :: stage == draining && (inFlight[from] == 0 || FAULT == 1) ->
          assert(trigger != byPolicy || isCommanded || waits(to));
          stage = sleeping; effectSleep(from)
     :: else fi }

inline rejectUnservable() {
  if :: isManual && FAULT != 9 ->
          if :: !isServable(0) -> rejectQueue(0) :: else fi;
          if :: !isServable(1) -> rejectQueue(1) :: else fi
     :: else fi }

inline pursueGoal(x) {
  if :: kind[x] != sleep && holder == about[x] -> answer(x, done)
     :: kind[x] != sleep && holder != about[x] -> cst[x] = joined; begin(about[x], byOperator)
     :: kind[x] == sleep ->
          dismiss(about[x]);
          if :: presence[about[x]] == awake -> cst[x] = joined; begin(NONE, byOperator)
             :: else -> answer(x, done)
          fi
  fi }

inline askPolicy() {
  if :: holder != 0 && waits(0) && !backoff[0] -> begin(0, byPolicy); again = true
     :: holder != 1 && waits(1) && !backoff[1] -> begin(1, byPolicy); again = true
     :: (holder != 0 && waits(0) && !backoff[0]) || (holder != 1 && waits(1) && !backoff[1]) -> recheck = true
     :: else -> recheck = false
  fi }

inline restoreServed() {
  recheck = false; s = served;
  if :: s != NONE && s != holder && waits(s) -> begin(s, byMode); again = true
     :: else fi }

inline pursue() {
  again = false;
  if :: stage != idle || (FAULT == 7 && hasEnded) -> skip
     :: else ->
          if :: cst[0] == pending -> again = true; pursueGoal(0)
             :: cst[0] != pending && cst[1] == pending -> again = true; pursueGoal(1)
             :: !hasGoal && isManual && FAULT != 10 -> restoreServed()
             :: !hasGoal && (!isManual || FAULT == 10) -> askPolicy()
          fi
  fi }

inline settle() {
  do
  :: cancelMoot(); admit(); advance(); rejectUnservable(); pursue();
     if :: again -> skip :: else -> break fi
  od }

/* Events: each changes the state, then the machine settles. */

inline arrive() {
  if :: m = 0 :: m = 1 fi;
  want[arrived] = m;
  if :: !isServable(m) || (presence[m] != awake && backoff[m] && (to != m || isGivingUp)) ->
          answered[arrived] = true; st[arrived] = ended; want[arrived] = 0
     :: else -> st[arrived] = queued
  fi;
  arrived++ }

inline leave(r) {                  /* The caller is gone, or its time is up. */
  if :: FAULT == 15 -> answered[r] = true
     :: else -> effectReject(r)
  fi }

inline finish(r) {
  if :: presence[want[r]] == awake && (inst[want[r]] == on[r] || FAULT == 8) -> inFlight[want[r]]-- :: else fi;
  st[r] = ended; want[r] = 0; on[r] = 0; counted[r] = false }

inline wakeFailed(x) {
  stage = stoppingNew; retry = !cold;
  if :: cold -> backoff[x] = true; fail() :: else fi;
  if :: FAULT == 5 && retry -> wakeTarget()
     :: else -> effectStop(x)
  fi }

inline woke(x) {
  if :: deathInWake[x] >= life[x] && FAULT != 11 -> deathInWake[x] = 0; wakeFailed(x)
     :: else ->
          presence[x] = awake; inst[x] = life[x]; inFlight[x] = 0; lastHolder = x;
          deathInWake[x] = 0; backoff[x] = false; conclude()
  fi }

inline stopDone(x) {
  if :: stage == stoppingOld && from == x -> left(x, stopped)
     :: stage == stoppingNew && to == x ->
          presence[x] = stopped; inst[x] = 0;
          if :: retry -> wakeTarget() :: else -> conclude() fi
     :: else fi }

inline stopFailed(x) {
  if :: stage == stoppingOld && from == x ->
          if :: FAULT == 14 -> left(x, stopped)
             :: else ->
                  if :: to != NONE -> backoff[to] = true :: else fi;
                  fail(); presence[x] = asleep; inFlight[x] = 0; conclude(); begin(x, byRecovery)
          fi
     :: stage == stoppingNew && to == x -> backoff[x] = true; fail(); conclude()
     :: else fi }

inline succeed(x) {
  if :: work[x] == toWake ->
          work[x] = nothing; body[x] = (isDead[x] -> stopped : awake);
          if :: stage == waking && to == x -> woke(x) :: else fi
     :: work[x] == toSleep ->
          work[x] = nothing; body[x] = (isDead[x] -> stopped : asleep);
          if :: stage == sleeping && from == x -> backoff[x] = false; left(x, body[x]) :: else fi
     :: work[x] == toStop -> work[x] = nothing; body[x] = stopped; stopDone(x)
  fi }

inline goWrong(x) {
  failures--;
  if :: work[x] == toWake ->
          work[x] = nothing; body[x] = broken; deathInWake[x] = 0;
          if :: stage == waking && to == x -> wakeFailed(x) :: else fi
     :: work[x] == toSleep ->
          work[x] = nothing; body[x] = stuck;
          if :: stage == sleeping && from == x && FAULT != 4 -> stage = stoppingOld; effectStop(x)
             :: stage == sleeping && from == x && FAULT == 4 -> left(x, asleep)
             :: else fi
     :: work[x] == toStop ->  /* After a failed wake nothing more can be done: the world goes on as if it were gone. */
          work[x] = nothing; if :: body[x] == broken -> body[x] = stopped :: else fi;
          stopFailed(x)
  fi }

inline crash(x) { crashes--; death[x] = life[x]; isDead[x] = true; body[x] = stopped; isQuiet = true }

inline died(x) {
  if :: stage == waking && to == x -> deathInWake[x] = death[x] :: else fi;
  if :: presence[x] == awake && inst[x] == death[x] && (from != x || stage == draining) ->
          death[x] = 0;
          if :: backoff[x] = true; rejectQueue(x) :: skip fi;  /* The first death is forgiven, later ones are not. */
          if :: from == x -> left(x, stopped)
             :: else -> presence[x] = stopped; inFlight[x] = 0; inst[x] = 0
          fi
     :: presence[x] == asleep && inst[x] == death[x] -> death[x] = 0; presence[x] = stopped; inst[x] = 0
     :: else -> death[x] = 0
  fi }

inline supersede() { if :: stage == draining -> answerJoined(failed); conclude() :: else fi }

inline abortWake(x) {
  if :: stage == waking -> effectStop(x); stage = stoppingNew; retry = false; fail()
     :: stage == stoppingNew && retry -> retry = false; fail()
     :: else fi }

inline wish(x) {
  if :: kind[x] != sleep && stage != idle && from == about[x] -> supersede()
     :: kind[x] == sleep ->
          dismiss(about[x]);
          if :: stage != idle && to == about[x] -> supersede(); if :: stage != idle -> abortWake(about[x]) :: else fi
             :: else fi
     :: else fi;
  if :: FAULT == 12 && stage != idle && kind[x] != sleep -> cst[x] = joined; begin(about[x], byOperator)
     :: else ->
          if :: hasGoal || stage == idle -> cst[x] = pending
             :: else ->
                  if :: kind[x] != sleep && to == about[x] && !isGivingUp -> cst[x] = joined
                     :: kind[x] == sleep && isGivingUp && to == about[x] -> cst[x] = joined
                     :: kind[x] == sleep && !isGivingUp && to == NONE && from == about[x] -> cst[x] = joined
                     :: else ->
                          if :: kind[x] == sleep && to != about[x] && holder != about[x] -> pursueGoal(x)
                             :: else -> cst[x] = pending
                          fi
                  fi
          fi
  fi }

inline command() {
  c = commanded; commanded++;
  if :: about[c] = 0 :: about[c] = 1 fi;
  if :: kind[c] = automatic; settledMode = AUTO; pinning[0] = false; pinning[1] = false; answer(c, done)
     :: kind[c] = manual; settledMode = (settledMode < NONE -> settledMode : NONE); answer(c, done)
     :: kind[c] = pin; pinning[c] = true; wish(c)
     :: kind[c] = force; pinning[c] = (mode < NONE); wish(c)
     :: kind[c] = sleep; wish(c)
  fi }

inline endBackoff(x) { backoff[x] = false; isQuiet = (!waits(x) || FAULT == 6) }

/* What holds between any two events. */

#define books(m) (presence[m] != awake || inFlight[m] == (st[0] == granted && want[0] == m && on[0] == inst[m]) \
  + (st[1] == granted && want[1] == m && on[1] == inst[m]) + (st[2] == granted && want[2] == m && on[2] == inst[m]))
#define isAtRest (work[0] == nothing && work[1] == nothing && death[0] == 0 && death[1] == 0 && !recheck \
  && st[0] != granted && st[1] != granted && st[2] != granted && !(backoff[0] && waits(0)) && !(backoff[1] && waits(1)))

inline check() {
  assert(books(0) && books(1));
  assert(holdsGPU(0) + holdsGPU(1) <= 1); assert(presence[0] != awake || presence[1] != awake);
  assert(presence[0] != awake || work[0] != nothing || stage != idle || seemsAwake(0));
  assert(presence[1] != awake || work[1] != nothing || stage != idle || seemsAwake(1));
  assert((isServable(0) || !waits(0)) && (isServable(1) || !waits(1)));
  assert(mode == AUTO || mode == NONE || pinning[0] || pinning[1] || mode == pinned);
  assert(!pinning[0] || cst[0] == pending || cst[0] == joined);
  assert(!pinning[1] || cst[1] == pending || cst[1] == joined);
  assert(!isAtRest || (stage == idle && !waits(0) && !waits(1) && !hasGoal && !isCommanded)) }

#ifdef PATIENT
#define mayLeave(r) false
#else
#define mayLeave(r) (st[r] == queued && !answered[r])
#endif
#define mayCrash(m) (crashes > 0 && life[m] > 0 && !isDead[m] && \
  (body[m] == awake || body[m] == asleep || work[m] == toWake))

active proctype World() {
end: do
  :: atomic {
       if
       :: arrived < REQUESTS -> arrive()
       :: mayLeave(0) -> leave(0)
       :: mayLeave(1) -> leave(1)
       :: mayLeave(2) -> leave(2)
       :: st[0] == granted -> finish(0)
       :: st[1] == granted -> finish(1)
       :: st[2] == granted -> finish(2)
       :: work[0] != nothing -> succeed(0)
       :: work[1] != nothing -> succeed(1)
       :: work[0] != nothing && failures > 0 -> goWrong(0)
       :: work[1] != nothing && failures > 0 -> goWrong(1)
       :: mayCrash(0) -> crash(0)
       :: mayCrash(1) -> crash(1)
       :: death[0] > 0 -> died(0)
       :: death[1] > 0 -> died(1)
       :: commanded < COMMANDS -> command()
       :: recheck -> skip                                           /* the timer of the policy */
       :: backoff[0] -> endBackoff(0)
       :: backoff[1] -> endBackoff(1)
       :: stage == draining && snapshot > 0 -> snapshot = 0; isQuiet = true                     /* the drain cap */
       :: FAULT == 2 && st[0] == granted && !counted[0] -> inFlight[want[0]]++; counted[0] = true
       fi;
       if :: isQuiet -> skip :: else -> settle() fi;
       check(); isQuiet = false; hasEnded = false }
  od }
