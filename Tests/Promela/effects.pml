/* What there is, and the machine's effects on it: each is legal, or an assertion fails. */

mtype = { stopped, asleep, awake, lost, broken, stuck };                      /* presence and body */
mtype = { idle, draining, sleeping, stoppingOld, waking, stoppingNew };       /* stage of the transition */
mtype = { nothing, toWake, toSleep, toStop };                                 /* slow work */
mtype = { unsent, queued, granted, ended };                                   /* a request */
mtype = { pending, joined, ending, done, failed };                            /* a command, unsent before */
mtype = { pin, force, sleep, drop, manual, automatic };                       /* its kind: `drop` ends the process too */
mtype = { byPolicy, byOperator, byMode, byRecovery, byReload, byIdle };       /* what set the transition off */
mtype = { staying, removal, renewal };                                        /* why a model departs, if it does */

/* The machine. */
mtype presence[2] = stopped; byte inst[2], inFlight[2], deathInWake[2];
bool backoff[2], recheck, isEnding[2], isClosing;
mtype stage = idle, trigger; byte from = NONE, to = NONE, snapshot; bool cold, retry, drops;
byte settledMode = AUTO, lastHolder = NONE;
mtype departure[2] = staying; bool isRetiring[2], isKnown[2] = true;

/* The world: what the servers really do. */
mtype body[2] = stopped, work[2] = nothing; byte life[2], death[2]; bool isDead[2];

/* Requests, whose numbers are their tickets, and commands, which come in the order of their numbers. */
mtype st[REQUESTS] = unsent; byte want[REQUESTS], on[REQUESTS], arrived; bool answered[REQUESTS], counted[REQUESTS];
mtype cst[COMMANDS] = unsent, kind[COMMANDS]; byte about[COMMANDS], commanded; bool pinning[COMMANDS];
byte pinned = NONE;                /* the last pin that was had */

/* What an event needs while it is taken in; no part of the state. */
hidden byte c, i, k, m, s, again, hasEnded, isQuiet;

#define waits(m) ((st[0] == queued && want[0] == (m)) || (st[1] == queued && want[1] == (m)) \
  || (st[2] == queued && want[2] == (m)))
#define holder (presence[0] == awake -> 0 : (presence[1] == awake -> 1 : NONE))
#define lostOne (presence[0] == lost -> 0 : (presence[1] == lost -> 1 : NONE))
#define mode (pinning[1] -> about[1] : (pinning[0] -> about[0] : settledMode))
#define isManual (mode != AUTO)
#define served (mode < NONE -> mode : (to != NONE -> to : (holder != NONE -> holder : lastHolder)))
#define isServable(m) (!isManual || (m) == served || (m) == to)
#define isConfigured(m) (isKnown[m] && departure[m] != removal)
#define isGivingUp (stage == stoppingNew && !retry)
#define isCommanded (cst[0] == joined || cst[1] == joined)
#define hasGoal (cst[0] == pending || cst[1] == pending)
#define isSleep(x) (kind[x] == sleep || kind[x] == drop)
#define slots(m) (2 - (m) % 2)     /* the first model takes two requests at a time, the second one */
#define seemsAwake(m) (body[m] == awake || \
  (death[m] == life[m] && life[m] > 0 && (body[m] == stopped || body[m] == stuck)))
#define holdsGPU(m) (body[m] == awake || body[m] == broken || body[m] == stuck || work[m] == toWake || \
  work[m] == toSleep)
#define isOpen(r, m) (st[r] == granted && want[r] == (m) && on[r] == life[m])
#define open(m) (isOpen(0, m) + isOpen(1, m) + isOpen(2, m))

inline effectSleep(x) {
  assert(!isClosing && open(x) == 0); assert(work[x] == nothing && seemsAwake(x)); assert(!holdsGPU(1 - x));
  work[x] = toSleep }

inline effectWake(x) {
  assert(!isClosing && isConfigured(x) && !isRetiring[x]);
  assert(work[x] == nothing && body[x] != awake && body[x] != broken); assert(!holdsGPU(1 - x));
  if :: body[x] == stopped || isDead[x] -> life[x]++; isDead[x] = false :: else fi;
  work[x] = toWake }

inline effectStop(x) {
  assert((open(x) == 0 || isDead[x]) && !isRetiring[x]); assert(work[x] != toStop && work[x] != toSleep && body[x] != awake);
  if :: work[x] == toWake -> body[x] = broken :: else fi;
  work[x] = toStop }

/* The model's server is ended for good, after whatever is still running on it. */
inline effectRetire(x) {
  assert(!isRetiring[x] && (open(x) == 0 || isDead[x])); assert(body[x] != awake && work[x] != toWake);
  isRetiring[x] = true }

inline effectGrant(r) {
  assert(!answered[r] && isConfigured(want[r]) && !isRetiring[want[r]]);
  assert(work[want[r]] == nothing && seemsAwake(want[r]) && inst[want[r]] == life[want[r]]);
  assert(stage == idle || (stage == draining && r < snapshot));
  answered[r] = true; st[r] = granted; on[r] = inst[want[r]];
  if :: fault != 2 -> inFlight[want[r]]++; counted[r] = true :: else fi }

inline effectReject(r) { assert(!answered[r]); answered[r] = true; st[r] = ended; want[r] = 0 }

/* A command is said to be carried out only when it is. */
inline effectAnswer(x, result) {
  if :: result == done && (kind[x] == pin || kind[x] == force) ->
          assert(work[about[x]] == nothing && seemsAwake(about[x]))
     :: result == done && isSleep(x) ->
          assert(!holdsGPU(about[x])); assert(kind[x] == sleep || body[about[x]] == stopped)
     :: else fi;
  cst[x] = result }
