#define _GNU_SOURCE
#include "herd.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

// All of this runs in a fork of a process with many threads that never executes another program, so it keeps to
// async-signal-safe calls: no allocation, no stdio, no locks.

static int64_t now_milliseconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void herd_report(int status, uint32_t news, int32_t value) {
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
  herd_report(herd->status, SHEPHERD_ADOPTED, herd->leader);
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
  herd_report(herd->status, SHEPHERD_EXITED, status);
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

void herd_tend(struct herd *herd, uint32_t orphan_grace) {
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
