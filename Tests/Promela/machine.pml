/* The machine: Sources/Switcher/SwitchMachine*.swift, in its words. */

/* Shared parts. */

inline rejectQueue(x) {
  k = 0;
  do
  :: k < REQUESTS -> if :: st[k] == queued && want[k] == x -> effectReject(k) :: else fi; k++
  :: else -> break
  od }

inline answer(x, result) {
  effectAnswer(x, result);
  if :: pinning[x] -> pinning[x] = (fault == 16 && result == failed);
        if :: result == done -> settledMode = about[x]; pinned = about[x] :: else fi
     :: else fi;
  if :: !pinning[x] -> kind[x] = 0; about[x] = 0 :: else fi }

inline answerJoined(result) {
  if :: cst[0] == joined -> answer(0, result) :: else fi;
  if :: cst[1] == joined -> answer(1, result) :: else fi }

inline answerEnding(x, result) {
  isEnding[x] = false;
  if :: cst[0] == ending && about[0] == x -> answer(0, result) :: else fi;
  if :: cst[1] == ending && about[1] == x -> answer(1, result) :: else fi }

inline conclude() {
  stage = idle; trigger = 0; from = NONE; to = NONE; snapshot = 0; cold = false; retry = false; drops = false;
  hasEnded = true; answerJoined(done) }

inline fail() {
  if :: to != NONE -> rejectQueue(to) :: else fi;
  answerJoined(failed) }

inline wakeTarget() {
  if :: (isClosing && fault != 23) || !isKnown[to] -> conclude()
     :: else ->
          if :: departure[to] != staying && fault != 19 -> stage = stoppingNew; retry = (departure[to] == renewal)
             :: isEnding[to] && fault != 24 -> stage = stoppingNew; retry = true
             :: else ->
                  cold = (presence[to] != asleep); deathInWake[to] = 0; stage = waking;
                  effectWake(to)
          fi
  fi }

/* Ends a model that nobody uses, unless that is under way. */
inline endServer(x) {
  if :: (!isEnding[x] || fault == 25) && !isRetiring[x] -> effectStop(x) :: else fi;
  isEnding[x] = true }

inline begin(target, cause) {
  assert(stage == idle || fault == 12);
  assert((cause != byPolicy && cause != byIdle) || !isManual); assert(cause != byMode || waits(target));
  assert(cause != byIdle || (!waits(0) && !waits(1) && (holder == NONE || inFlight[holder % 2] == 0)));
  recheck = false; to = target; trigger = cause;
  from = (holder != NONE -> holder : (lostOne != target -> lostOne : NONE));
  if :: holder != NONE -> stage = draining; snapshot = arrived
     :: holder == NONE && lostOne != NONE && fault != 33 ->
          stage = (from == NONE -> stoppingNew : stoppingOld); retry = (from == NONE);
          endServer(lostOne % 2)
     :: else -> from = NONE; wakeTarget()
  fi }

inline left(x, p) {
  presence[x] = p; inFlight[x] = 0; inst[x] = (p == stopped -> 0 : inst[x]);
  if :: to == NONE ->
          lastHolder = ((trigger != byReload && trigger != byIdle) || isCommanded -> NONE : lastHolder); conclude()
     :: else -> wakeTarget()
  fi }

inline dismiss(x) { if :: lastHolder == x && holder != x -> lastHolder = NONE :: else fi }

/* Settling: brings the machine to rest after each event. */

inline retire() {
  i = 0;
  do
  :: i < 2 ->
       if :: departure[i] != staying && !isRetiring[i] && !isClosing && (presence[i] != awake || fault == 17) &&
               (!backoff[i] || to == i) -> effectRetire(i)
          :: else fi;
       i++
  :: else -> break
  od }

inline cancelMoot() {
  if :: stage == draining && isClosing && fault != 29 -> conclude()
     :: stage == draining && !isClosing && trigger == byPolicy && !isCommanded && to != NONE && !waits(to) &&
          fault != 13 -> conclude()
     :: else fi }

inline admit() {
  i = 0;
  do
  :: i < REQUESTS ->
       if :: st[i] == queued && presence[want[i]] == awake && inFlight[want[i]] < slots(want[i]) &&
               (stage == idle || (stage == draining && (i < snapshot || fault == 3))) -> effectGrant(i)
          :: else fi;
       i++
  :: else -> break
  od }

inline advance() {
  if :: stage == draining && (inFlight[from] == 0 || fault == 1) ->
          assert(trigger != byPolicy || isCommanded || waits(to));
          stage = sleeping; effectSleep(from)
     :: else fi }

inline rejectUnservable() {
  if :: isManual && fault != 9 ->
          if :: !isServable(0) -> rejectQueue(0) :: else fi;
          if :: !isServable(1) -> rejectQueue(1) :: else fi
     :: else fi }

inline pursueGoal(x) {
  if :: !isSleep(x) && holder == about[x] -> answer(x, done)
     :: !isSleep(x) && holder != about[x] -> cst[x] = joined; begin(about[x], byOperator)
     :: isSleep(x) ->
          dismiss(about[x]);
          if :: presence[about[x]] == awake -> cst[x] = joined; drops = (kind[x] == drop); begin(NONE, byOperator)
             :: presence[about[x]] == lost || (presence[about[x]] == asleep && kind[x] == drop) ->
                  endServer(about[x]); cst[x] = ending
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
  if :: stage != idle || isClosing || (fault == 7 && hasEnded) -> skip
     :: else ->
          if :: holder != NONE && departure[holder % 2] != staying && fault != 26 ->
                  again = true; begin(NONE, byReload)
             :: else ->
                  if :: cst[0] == pending -> again = true; pursueGoal(0)
                     :: cst[0] != pending && cst[1] == pending -> again = true; pursueGoal(1)
                     :: !hasGoal && isManual && fault != 10 -> restoreServed()
                     :: !hasGoal && (!isManual || fault == 10) -> askPolicy()
                  fi
          fi
  fi }

inline settle() {
  do
  :: retire(); cancelMoot(); admit(); advance(); rejectUnservable(); pursue();
     if :: again -> skip :: else -> break fi
  od }

/* Events: each changes the state, then the machine settles. */

inline arrive() {
  if :: m = 0 :: m = 1 fi;
  want[arrived] = m;
  if :: !isConfigured(m) || isClosing || !isServable(m) ||
          (presence[m] != awake && backoff[m] && (to != m || isGivingUp)) ->
          answered[arrived] = true; st[arrived] = ended; want[arrived] = 0
     :: else -> st[arrived] = queued
  fi;
  arrived++ }

inline leave(r) {                  /* The caller is gone, or its time is up. */
  if :: fault == 15 -> answered[r] = true
     :: else -> effectReject(r)
  fi }

inline finish(r) {
  if :: presence[want[r]] == awake && (inst[want[r]] == on[r] || fault == 8) -> inFlight[want[r]]-- :: else fi;
  st[r] = ended; want[r] = 0; on[r] = 0; counted[r] = false }

inline wakeFailed(x) {
  stage = stoppingNew; retry = !cold;
  if :: cold -> backoff[x] = true; fail() :: else fi;
  if :: fault == 5 && retry -> wakeTarget()
     :: else -> effectStop(x)
  fi }

inline woke(x) {
  if :: deathInWake[x] >= life[x] && fault != 11 -> deathInWake[x] = 0; wakeFailed(x)
     :: else ->
          presence[x] = awake; inst[x] = life[x]; inFlight[x] = 0; lastHolder = x;
          deathInWake[x] = 0; backoff[x] = false; conclude()
  fi }

inline stopDone(x) {
  if :: isEnding[x] -> presence[x] = stopped; inst[x] = 0; answerEnding(x, done) :: else fi;
  if :: stage == stoppingOld && from == x -> left(x, stopped)
     :: stage == stoppingNew && to == x ->
          presence[x] = stopped; inst[x] = 0;
          if :: retry -> wakeTarget() :: else -> conclude() fi
     :: else fi }

/* It may hold the GPU, and is left alone. */
inline lose(x) {
  backoff[x] = true; presence[x] = (fault == 30 -> stopped : lost); inFlight[x] = 0; inst[x] = 0; rejectQueue(x) }

inline stopFailed(x) {
  answerEnding(x, failed);
  if :: stage == stoppingOld && from == x ->
          if :: fault == 14 -> left(x, stopped)
             :: else ->
                  if :: to != NONE -> backoff[to] = true :: else fi;
                  fail();
                  if :: presence[x] == awake ->
                          presence[x] = asleep; inFlight[x] = 0; conclude(); begin(x, byRecovery)
                     :: else -> lose(x); conclude()
                  fi
          fi
     :: stage == stoppingNew && to == x -> lose(x); fail(); conclude()
     :: else -> if :: presence[x] == lost -> lose(x) :: else fi
  fi }

inline died(x) {
  if :: stage == waking && to == x -> deathInWake[x] = death[x] :: else fi;
  if :: presence[x] == awake && inst[x] == death[x] && (from != x || stage == draining) ->
          death[x] = 0;
          if :: backoff[x] = true; rejectQueue(x) :: skip fi;  /* The first death is forgiven, later ones are not. */
          presence[x] = lost; inFlight[x] = 0; inst[x] = 0;
          if :: fault == 31 && from == x -> left(x, stopped)
             :: fault == 31 && from != x -> presence[x] = stopped
             :: else ->
                  if :: from == x -> stage = stoppingOld :: else fi;
                  if :: !isClosing -> endServer(x) :: else fi
          fi
     :: presence[x] == asleep && inst[x] == death[x] -> death[x] = 0; presence[x] = stopped; inst[x] = 0
     :: else -> death[x] = 0
  fi }

inline retired(x) {
  presence[x] = stopped; inst[x] = 0; isRetiring[x] = false; backoff[x] = false;
  isKnown[x] = (departure[x] == renewal); departure[x] = staying;
  if :: fault != 27 -> stopDone(x) :: else fi }

inline retireFailed(x) {
  if :: fault == 32 -> retired(x)
     :: else -> isRetiring[x] = false; stopFailed(x); backoff[x] = true
  fi }

/* Nobody has used the GPU for a while: its model goes to sleep, or the first one, the default, comes back. */
inline rest() {
  rests--;
  if :: holder != NONE -> begin(NONE, byIdle)
     :: holder != 0 && isConfigured(0) && !backoff[0] -> begin(0, byIdle)
     :: else fi }

inline supersede() { if :: stage == draining -> answerJoined(failed); conclude() :: else fi }

inline abortWake(x) {
  if :: stage == waking -> effectStop(x); stage = stoppingNew; retry = false; fail()
     :: stage == stoppingNew && retry -> retry = false; fail()
     :: else fi }

inline wish(x) {
  if :: !isSleep(x) && stage != idle && from == about[x] -> supersede()
     :: isSleep(x) ->
          dismiss(about[x]);
          if :: stage != idle && to == about[x] -> supersede(); if :: stage != idle -> abortWake(about[x]) :: else fi;
                  lastHolder = (trigger == byIdle -> NONE : lastHolder)
             :: else fi
     :: else fi;
  if :: fault == 12 && stage != idle && !isSleep(x) -> cst[x] = joined; begin(about[x], byOperator)
     :: else ->
          if :: hasGoal || stage == idle -> cst[x] = pending
             :: else ->
                  if :: !isSleep(x) && to == about[x] && !isGivingUp -> cst[x] = joined
                     :: isSleep(x) && isGivingUp && to == about[x] -> cst[x] = joined
                     :: isSleep(x) && !isGivingUp && to == NONE && from == about[x] && drops == (kind[x] == drop) ->
                          cst[x] = joined
                     :: else ->
                          if :: isSleep(x) && to != about[x] && holder != about[x] -> pursueGoal(x)
                             :: else -> cst[x] = pending
                          fi
                  fi
          fi
  fi }

inline command() {
  c = commanded; commanded++;
  if :: about[c] = 0 :: about[c] = 1 fi;
  if :: isClosing || !isConfigured(about[c]) -> answer(c, failed)
     :: else ->
          if :: kind[c] = automatic; settledMode = AUTO; pinning[0] = false; pinning[1] = false; answer(c, done)
             :: kind[c] = manual; settledMode = (settledMode < NONE -> settledMode : NONE); answer(c, done)
             :: kind[c] = pin; pinning[c] = true; wish(c)
             :: kind[c] = force; pinning[c] = (mode < NONE); wish(c)
             :: kind[c] = sleep; wish(c)
             :: kind[c] = drop; wish(c)
          fi
  fi }

/* Who counts on a model that is not configured any more is told so. */
inline disown(x) {
  if :: fault != 20 -> rejectQueue(x) :: else fi;
  if :: cst[0] == pending && about[0] == x -> answer(0, failed) :: else fi;
  if :: cst[1] == pending && about[1] == x -> answer(1, failed) :: else fi;
  if :: to == x -> answerJoined(failed) :: else fi;
  settledMode = (settledMode == x && fault != 28 -> AUTO : settledMode);
  lastHolder = (lastHolder == x -> NONE : lastHolder) }

inline interruptWake() {
  if :: to == NONE || departure[to % 2] == staying || !isKnown[to % 2] || fault == 18 -> skip
     :: else ->
          if :: stage == draining && departure[to] == removal -> conclude()
             :: stage == waking || (stage == stoppingNew && retry) ->
                  if :: stage == waking -> effectStop(to) :: else fi;
                  stage = stoppingNew; retry = (departure[to] == renewal)
             :: else fi
  fi }

/* A new configuration has one model no more, or with other settings, or again. */
inline reload() {
  reloads--;
  if :: m = 0 :: m = 1 fi;
  backoff[m] = false;
  if :: isConfigured(m) -> departure[m] = renewal
     :: isConfigured(m) -> departure[m] = removal; disown(m)
     :: isKnown[m] && departure[m] == removal -> departure[m] = (fault == 21 -> staying : renewal)
     :: !isKnown[m] -> isKnown[m] = true; deathInWake[m] = 0
  fi;
  interruptWake() }

inline close() {
  closes--; isClosing = true; recheck = false;
  rejectQueue(0); rejectQueue(1);
  c = 0;
  do
  :: c < 2 ->
       if :: (cst[c] == pending && fault != 22) || cst[c] == joined || cst[c] == ending -> answer(c, failed)
          :: else fi;
       c++
  :: else -> break
  od }

inline endBackoff(x) { backoff[x] = false; isQuiet = ((!waits(x) && departure[x] == staying) || fault == 6) }
