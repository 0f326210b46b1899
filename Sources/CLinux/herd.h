// What a shepherd tends: the server and all that descends from it, in a process of the shepherd's own.
#ifndef CLINUX_HERD_H
#define CLINUX_HERD_H

#include "shepherd.h"

enum herd_phase { RUNNING, STOPPING, KILLING };

struct herd {
  pid_t leader; // also the id of its process group; 0 once it is reaped and the id may be anybody's
  bool leader_exited;
  enum shepherd_remains remains;
  pid_t heir; // a child besides the leader that lived when the children were last visited, 0 for none
  enum herd_phase phase;
  int64_t reminder; // in STOPPING: when the server is asked to end once more; INT64_MAX afterwards
  int64_t deadline; // in STOPPING: when force is used
  int control;      // -1 once it has ended
  int status;
  int signals;
};

// Takes orders, presses as they demand, and tells what becomes of the leader; returns when nothing is left to tend.
// Async-signal-safe.
void herd_tend(struct herd *herd, uint32_t orphan_grace);

// Writes a record to the status pipe. Async-signal-safe.
void herd_report(int status, uint32_t news, int32_t value);

#endif
