// A shepherd stands between the daemon and each model server: a process that does nothing but start the server, tell of
// its end, and see to it that nothing of its process tree is left, whether it was told to end it, the server ended by
// itself, or the daemon died.
#ifndef CLINUX_SHEPHERD_H
#define CLINUX_SHEPHERD_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum shepherd_news {
  /// The program is about to be executed; `value` is its process id.
  SHEPHERD_STARTED = 1,
  /// The program could not be executed; `value` is the errno. What else is reported is of no interest then.
  SHEPHERD_FAILED = 2,
  /// The program has ended; `value` is its status as waitpid(2) has it. What it left behind is being ended.
  SHEPHERD_EXITED = 3,
  /// The program has ended well and left a server behind; `value` is that one's process id, and from now on it is meant
  /// by everything here.
  SHEPHERD_ADOPTED = 4,
};

/// What becomes of what the program leaves behind when it ends without having been ordered to.
enum shepherd_remains {
  /// It is ended: so it is with a server.
  SHEPHERD_ENDS_REMAINS,
  /// It lives on, and nobody watches it: so it is with a command that starts something and returns.
  SHEPHERD_SPARES_REMAINS,
  /// It takes the program's place: so it is with one that brings a server back from a checkpoint. If the program fails,
  /// everything is ended.
  SHEPHERD_ADOPTS_REMAINS,
};

/// What a shepherd starts, and how.
struct shepherd_charge {
  /// The program, looked up in the PATH of `envp`, and its arguments; both lists end with NULL.
  char *const *argv;
  char *const *envp;
  /// Until force is used, if the caller dies.
  uint32_t orphan_grace_milliseconds;
  enum shepherd_remains remains;
  /// Where the server's output and error go: a descriptor of the caller's, who closes it; -1 for a pipe each.
  int output;
  /// Whether the server dies with its shepherd at once, however that ends. A server that is to be checkpointed must not:
  /// the wish would be restored with it, when its parent is a program that is about to end.
  bool dies_with_shepherd;
};

/// What the status pipe carries, a record at a time. Its end means that the whole tree is gone.
struct shepherd_report {
  uint32_t news;
  int32_t value;
};

struct shepherd {
  /// To be waited for once the status pipe has ended.
  pid_t pid;
  /// Takes orders to stop. Closing it, also by dying, is the order to stop with the orphan's grace.
  int control;
  /// Yields `struct shepherd_report`; does not block.
  int status;
  /// Yield what the server writes to its standard output and to its standard error; do not block.
  int output;
  int error;
};

/// Starts a shepherd that starts the charge. Of the caller's descriptors the server gets none but the one for its output;
/// its input is /dev/null. Returns 0, or the errno of what failed before there was a shepherd.
int shepherd_spawn(const struct shepherd_charge *charge, struct shepherd *shepherd);

/// Orders the server to be stopped: politely, once more when half the grace is over (some lose a signal that comes while
/// they start), and by force at its end, 0 for at once. A later order can only shorten the grace of an earlier one. Returns 0, or an errno when the shepherd is gone; raises no SIGPIPE.
int shepherd_stop(int control, uint32_t grace_milliseconds);

/// The caller's own environment, ended by NULL.
char *const *inherited_environment(void);

#endif
