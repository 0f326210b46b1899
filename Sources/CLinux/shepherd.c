#define _GNU_SOURCE
#include "shepherd.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

// The shepherd is a fork of a process with many threads and never executes another program, so everything below
// `shepherd_main` keeps to async-signal-safe calls: no allocation, no stdio, no locks.

enum phase { RUNNING, STOPPING, KILLING };

struct herd {
  pid_t leader; // also the id of its process group; 0 once it is reaped and the id may be anybody's
  bool leader_exited;
  enum shepherd_remains remains;
  pid_t heir; // a child besides the leader that lived when the children were last visited, 0 for none
  enum phase phase;
  int64_t reminder; // in STOPPING: when the server is asked to end once more; INT64_MAX afterwards
  int64_t deadline; // in STOPPING: when force is used
  int control;      // -1 once it has ended
  int status;
  int signals;
};

static int64_t now_milliseconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void report(int status, uint32_t news, int32_t value) {
  struct shepherd_report report = {news, value};
  // Nobody is left to be told when this fails, and a pipe takes a record this small whole.
  if (write(status, &report, sizeof report) < 0) return;
}

// Visits the shepherd's children but for the leader: reaps those that have ended and presses the others as far as the
// phase demands. Returns how many live, -1 if that can't be known.
static int visit_children(struct herd *herd) {
  int list = open("/proc/thread-self/children", O_RDONLY | O_CLOEXEC);
  if (list < 0) return -1;
  int alive = 0;
  herd->heir = 0;
  pid_t child = 0;
  char buffer[4096];
  ssize_t count;
  while ((count = read(list, buffer, sizeof buffer)) > 0) {
    for (ssize_t i = 0; i < count; i++) {
      if (buffer[i] >= '0' && buffer[i] <= '9') {
        child = child * 10 + (buffer[i] - '0');
        continue;
      }
      if (child > 0 && child != herd->leader && waitpid(child, NULL, WNOHANG) == 0) {
        alive++;
        if (herd->heir == 0) herd->heir = child;
        // Who left the leader's group has not heard the order to stop, and is our child only now that its parent ended.
        bool is_stray = herd->phase == STOPPING && herd->leader_exited && getpgid(child) != herd->leader;
        if (herd->phase == KILLING || is_stray) kill(child, herd->phase == KILLING ? SIGKILL : SIGTERM);
      }
      child = 0;
    }
  }
  close(list);
  return alive;
}

// The leader's group; the leader alone where it leads none, as may be with one that was adopted.
static void signal_leader(const struct herd *herd, int signal_number) {
  if (kill(-herd->leader, signal_number) != 0) kill(herd->leader, signal_number);
}

static void ask_to_end(const struct herd *herd) {
  signal_leader(herd, SIGTERM);
  signal_leader(herd, SIGCONT); // a suspended server could not heed it
}

static void begin_stopping(struct herd *herd, uint32_t grace_milliseconds) {
  int64_t now = now_milliseconds();
  if (herd->phase == RUNNING) {
    herd->phase = STOPPING;
    ask_to_end(herd);
  } else if (now + grace_milliseconds >= herd->deadline) {
    return;
  }
  herd->deadline = now + grace_milliseconds;
  if (herd->reminder != INT64_MAX) herd->reminder = now + grace_milliseconds / 2;
}

// Asks once more, or uses force, when the time for it has come. Returns how long until the next of the two, -1 for never.
static int press(struct herd *herd) {
  if (herd->phase != STOPPING) return -1;
  int64_t now = now_milliseconds();
  if (now >= herd->reminder) {
    // As late as the machine has made it, the server has the second half of its grace after it.
    herd->deadline += now - herd->reminder;
    herd->reminder = INT64_MAX;
    if (!herd->leader_exited) ask_to_end(herd);
  }
  if (now >= herd->deadline) {
    herd->phase = KILLING;
    return 0;
  }
  int64_t next = herd->reminder < herd->deadline ? herd->reminder : herd->deadline;
  return next - now > 60000 ? 60000 : (int)(next - now);
}

static void take_orders(struct herd *herd, uint32_t orphan_grace) {
  uint32_t grace;
  ssize_t count = read(herd->control, &grace, sizeof grace);
  if (count == sizeof grace) {
    begin_stopping(herd, grace);
  } else if (count >= 0 || errno != EINTR) {
    herd->control = -1;
    begin_stopping(herd, orphan_grace);
  }
}

static void take_signals(struct herd *herd) {
  struct signalfd_siginfo info;
  // SIGCHLD is only there to end the wait.
  if (read(herd->signals, &info, sizeof info) == sizeof info && info.ssi_signo != SIGCHLD) herd->phase = KILLING;
}

// A program that brings a server back has done so and ended: the server is a child of ours now and takes its place.
static bool adopt_heir(struct herd *herd) {
  visit_children(herd);
  if (herd->heir == 0) return false;
  waitpid(herd->leader, NULL, 0);
  herd->leader = herd->heir;
  herd->remains = SHEPHERD_ENDS_REMAINS;
  report(herd->status, SHEPHERD_ADOPTED, herd->leader);
  if (herd->phase == STOPPING) ask_to_end(herd); // the order came while there was nobody to heed it
  return true;
}

// The leader is looked at without being reaped: as long as it is a zombie, nobody else gets its id, and the signals to
// its group can't hit a stranger.
static void watch_leader(struct herd *herd) {
  siginfo_t info = {0};
  if (herd->leader_exited || waitid(P_PID, (id_t)herd->leader, &info, WEXITED | WNOHANG | WNOWAIT) != 0) return;
  if (info.si_pid != herd->leader) return;
  bool ended_well = info.si_code == CLD_EXITED && info.si_status == 0;
  if (herd->remains == SHEPHERD_ADOPTS_REMAINS && ended_well && adopt_heir(herd)) return;
  herd->leader_exited = true;
  int status = info.si_code == CLD_EXITED ? (info.si_status & 0xff) << 8 : info.si_status & 0x7f;
  report(herd->status, SHEPHERD_EXITED, status);
  if (herd->phase == RUNNING && herd->remains != SHEPHERD_SPARES_REMAINS) herd->phase = KILLING;
}

static bool is_over(struct herd *herd, int alive) {
  if (herd->leader_exited && herd->phase == RUNNING) {
    waitpid(herd->leader, NULL, 0);
    return true; // who is left is spared, and becomes init's child
  }
  if (!herd->leader_exited || alive > 0) return false;
  if (herd->leader > 0) {
    if (alive < 0) signal_leader(herd, SIGKILL);
    waitpid(herd->leader, NULL, 0);
    herd->leader = 0;
  }
  if (alive < 0) return true; // without /proc, the group is all that can be reached
  // The list may have missed somebody who was being handed over to us; this can't.
  pid_t reaped;
  while ((reaped = waitpid(-1, NULL, WNOHANG)) > 0) continue;
  return reaped < 0 && errno == ECHILD;
}

static void tend(struct herd *herd, uint32_t orphan_grace) {
  int pause = 5;
  for (;;) {
    int timeout = press(herd);
    if (herd->phase == KILLING) {
      timeout = pause;
      if (pause < 100) pause *= 2;
    }
    struct pollfd sources[] = {{herd->control, POLLIN, 0}, {herd->signals, POLLIN, 0}};
    if (poll(sources, 2, timeout) > 0) {
      if (sources[0].revents != 0) take_orders(herd, orphan_grace);
      if (sources[1].revents != 0) take_signals(herd);
    }
    watch_leader(herd);
    press(herd);
    if (herd->phase == KILLING && herd->leader > 0) signal_leader(herd, SIGKILL);
    if (is_over(herd, visit_children(herd))) return;
  }
}

// In the server-to-be. Never returns. It tells of its start itself, so that its id is known before it can do anything.
static void become_server(const struct shepherd_charge *charge, pid_t shepherd, int status, int output, int error) {
  if (charge->dies_with_shepherd) prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != shepherd) _exit(127); // it died before the line above
  setpgid(0, 0);
  report(status, SHEPHERD_STARTED, getpid());
  dup2(charge->output < 0 ? output : charge->output, STDOUT_FILENO);
  dup2(charge->output < 0 ? error : charge->output, STDERR_FILENO);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, NULL);
  environ = (char **)charge->envp;
  execvp(charge->argv[0], charge->argv);
  report(status, SHEPHERD_FAILED, errno);
  _exit(127);
}

// Closes every descriptor but standard input, output and error, which become `null`, and those in `kept`.
static void close_others(int null, const int *kept, int count) {
  for (int standard = 0; standard <= STDERR_FILENO; standard++) dup2(null, standard);
  unsigned from = STDERR_FILENO + 1;
  for (;;) {
    unsigned next = ~0U;
    for (int i = 0; i < count; i++) {
      if ((unsigned)kept[i] >= from && (unsigned)kept[i] < next) next = (unsigned)kept[i];
    }
    if (next > from) close_range(from, next == ~0U ? ~0U : next - 1, 0);
    if (next == ~0U) return;
    from = next + 1;
  }
}

static void shepherd_main(
    const struct shepherd_charge *charge, int null, int control, int status, int output, int error) {
  setsid();
  prctl(PR_SET_NAME, "switcher-shephd");
  prctl(PR_SET_CHILD_SUBREAPER, 1);
  // Every signal is blocked, so no handler of the daemon's runs here; but what it ignores would be inherited.
  for (int signal_number = 1; signal_number < NSIG; signal_number++) signal(signal_number, SIG_DFL);
  const int kept[] = {control, status, output, error, charge->output};
  close_others(null, kept, charge->output < 0 ? 4 : 5);

  sigset_t watched;
  sigemptyset(&watched);
  sigaddset(&watched, SIGCHLD);
  sigaddset(&watched, SIGTERM);
  sigaddset(&watched, SIGINT);
  int signals = signalfd(-1, &watched, SFD_CLOEXEC | SFD_NONBLOCK);
  pid_t shepherd = getpid();
  pid_t leader = signals < 0 ? -1 : fork();
  if (leader == 0) become_server(charge, shepherd, status, output, error);
  if (leader < 0) {
    report(status, SHEPHERD_FAILED, errno);
    _exit(1);
  }
  setpgid(leader, leader); // here as well, so that an order to stop finds the group at once
  close(output);
  close(error);
  if (charge->output >= 0) close(charge->output);
  struct herd herd = {
      .leader = leader, .remains = charge->remains, .control = control, .status = status, .signals = signals};
  tend(&herd, charge->orphan_grace_milliseconds);
  _exit(0);
}

static void close_all(const int *descriptors, int count) {
  for (int i = 0; i < count; i++) {
    if (descriptors[i] >= 0) close(descriptors[i]);
  }
}

// Returns 0, or the errno of what failed; what was not opened keeps its -1.
static int open_ends(int server_output, int *control, int *status, int *output, int *error, int *null) {
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, control) != 0 || pipe2(status, O_CLOEXEC) != 0 ||
      pipe2(output, O_CLOEXEC) != 0 || pipe2(error, O_CLOEXEC) != 0)
    return errno;
  // A caller without standard descriptors would have them mistaken for these.
  if (control[0] <= STDERR_FILENO || (server_output >= 0 && server_output <= STDERR_FILENO)) return EBADF;
  *null = open("/dev/null", O_RDWR | O_CLOEXEC);
  if (*null < 0 || fcntl(status[0], F_SETFL, O_NONBLOCK) != 0 || fcntl(output[0], F_SETFL, O_NONBLOCK) != 0 ||
      fcntl(error[0], F_SETFL, O_NONBLOCK) != 0)
    return errno;
  return 0;
}

int shepherd_spawn(const struct shepherd_charge *charge, struct shepherd *shepherd) {
  int ends[9] = {-1, -1, -1, -1, -1, -1, -1, -1, -1};
  int *control = &ends[0], *status = &ends[2], *output = &ends[4], *error = &ends[6], *null = &ends[8];
  int failure = open_ends(charge->output, control, status, output, error, null);
  pid_t pid = -1;
  if (failure == 0) {
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pid = fork();
    if (pid == 0) shepherd_main(charge, *null, control[0], status[1], output[1], error[1]);
    if (pid < 0) failure = errno;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
  }
  if (failure != 0) {
    close_all(ends, 9);
    return failure;
  }
  const int theirs[] = {control[0], status[1], output[1], error[1], *null};
  close_all(theirs, 5);
  *shepherd = (struct shepherd){pid, control[1], status[0], output[0], error[0]};
  return 0;
}

int shepherd_stop(int control, uint32_t grace_milliseconds) {
  ssize_t count = send(control, &grace_milliseconds, sizeof grace_milliseconds, MSG_NOSIGNAL | MSG_DONTWAIT);
  return count < 0 ? errno : 0;
}

char *const *inherited_environment(void) { return environ; }
