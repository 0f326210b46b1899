// The CUDA driver's calls that take another process off the GPU and bring it back (its "process checkpoint" calls, CUDA
// 12.8 on), found at run time: the library is there only where a GPU is.
#ifndef CLINUX_CUDA_DRIVER_H
#define CLINUX_CUDA_DRIVER_H

#include <stddef.h>
#include <stdint.h>

/// What a process is in, for the driver (CUprocessState).
enum cuda_process_state {
  CUDA_PROCESS_RUNNING = 0,
  /// Its calls of the driver wait.
  CUDA_PROCESS_LOCKED = 1,
  /// What it had on the GPU is in the machine's memory, and the GPU is given up.
  CUDA_PROCESS_CHECKPOINTED = 2,
  CUDA_PROCESS_FAILED = 3,
};

struct cuda_driver;

/// Loads the driver's library (dlopen(3)), for the life of the process. NULL where it is not there or lacks the calls;
/// `reason` then has the cause.
struct cuda_driver *cuda_driver_open(const char *library, char *reason, size_t capacity);

// Each of these blocks until the driver has done it, and returns its result: 0, or an error.

/// cuCheckpointProcessGetState: puts an `enum cuda_process_state` into `state`.
int cuda_driver_state(const struct cuda_driver *driver, int pid, int *state);

/// cuCheckpointProcessLock: fails when the process's calls under way have not ended after the time-out.
int cuda_driver_lock(const struct cuda_driver *driver, int pid, uint32_t timeout_milliseconds);

/// cuCheckpointProcessCheckpoint, of a process that is locked.
int cuda_driver_checkpoint(const struct cuda_driver *driver, int pid);

/// cuCheckpointProcessRestore: the process is locked then.
int cuda_driver_restore(const struct cuda_driver *driver, int pid);

/// cuCheckpointProcessUnlock.
int cuda_driver_unlock(const struct cuda_driver *driver, int pid);

/// The driver's name for a result, as "CUDA_ERROR_OUT_OF_MEMORY"; NULL where it has none.
const char *cuda_driver_result_name(const struct cuda_driver *driver, int result);

#endif
