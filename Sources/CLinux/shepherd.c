#define _GNU_SOURCE
#include "shepherd.h"

#include "herd.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

// The shepherd is a fork of a process with many threads and never executes another program, so everything below
// `shepherd_main` keeps to async-signal-safe calls: no allocation, no stdio, no locks.

// In the server-to-be. Never returns. It tells of its start itself, so that its id is known before it can do anything.
static void become_server(const struct shepherd_charge *charge, pid_t shepherd, int status, int output, int error) {
  if (charge->dies_with_shepherd) prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != shepherd) _exit(127); // it died before the line above
  setpgid(0, 0);
  herd_report(status, SHEPHERD_STARTED, getpid());
  dup2(charge->output < 0 ? output : charge->output, STDOUT_FILENO);
  dup2(charge->output < 0 ? error : charge->output, STDERR_FILENO);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, NULL);
  environ = (char **)charge->envp;
  execvp(charge->argv[0], charge->argv);
  herd_report(status, SHEPHERD_FAILED, errno);
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
    herd_report(status, SHEPHERD_FAILED, errno);
    _exit(1);
  }
  setpgid(leader, leader); // here as well, so that an order to stop finds the group at once
  close(output);
  close(error);
  if (charge->output >= 0) close(charge->output);
  struct herd herd = {
      .leader = leader, .remains = charge->remains, .control = control, .status = status, .signals = signals};
  herd_tend(&herd, charge->orphan_grace_milliseconds);
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
