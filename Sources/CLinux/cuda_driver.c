#define _GNU_SOURCE
#include "cuda_driver.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>

// CUcheckpointLockArgs; what is reserved must be zero.
struct lock_arguments {
  unsigned timeout_milliseconds;
  unsigned reserved0;
  uint64_t reserved1[7];
};

struct cuda_driver {
  int (*init)(unsigned flags);
  int (*get_state)(int pid, int *state);
  int (*lock)(int pid, struct lock_arguments *arguments);
  int (*checkpoint)(int pid, void *arguments);
  int (*restore)(int pid, void *arguments);
  int (*unlock)(int pid, void *arguments);
  int (*get_error_name)(int result, const char **name); // may be NULL
};

static const int NOT_INITIALIZED = 3; // CUDA_ERROR_NOT_INITIALIZED

struct cuda_driver *cuda_driver_open(const char *library, char *reason, size_t capacity) {
  void *handle = dlopen(library, RTLD_NOW | RTLD_LOCAL);
  if (handle == NULL) {
    snprintf(reason, capacity, "%s", dlerror());
    return NULL;
  }
  struct cuda_driver found = {
      .init = dlsym(handle, "cuInit"),
      .get_state = dlsym(handle, "cuCheckpointProcessGetState"),
      .lock = dlsym(handle, "cuCheckpointProcessLock"),
      .checkpoint = dlsym(handle, "cuCheckpointProcessCheckpoint"),
      .restore = dlsym(handle, "cuCheckpointProcessRestore"),
      .unlock = dlsym(handle, "cuCheckpointProcessUnlock"),
      .get_error_name = dlsym(handle, "cuGetErrorName"),
  };
  if (found.init == NULL || found.get_state == NULL || found.lock == NULL || found.checkpoint == NULL ||
      found.restore == NULL || found.unlock == NULL) {
    snprintf(reason, capacity, "%s has no cuCheckpointProcess calls: it is older than CUDA 12.8", library);
    dlclose(handle);
    return NULL;
  }
  struct cuda_driver *driver = malloc(sizeof *driver);
  if (driver == NULL) {
    snprintf(reason, capacity, "out of memory");
    dlclose(handle);
    return NULL;
  }
  *driver = found;
  return driver;
}

// Initialising opens the GPU's devices for good, so it is done only for a driver that insists on it.
static int is_ready_now(const struct cuda_driver *driver, int result) {
  return result == NOT_INITIALIZED && driver->init(0) == 0;
}

int cuda_driver_state(const struct cuda_driver *driver, int pid, int *state) {
  int result = driver->get_state(pid, state);
  return is_ready_now(driver, result) ? driver->get_state(pid, state) : result;
}

int cuda_driver_lock(const struct cuda_driver *driver, int pid, uint32_t timeout_milliseconds) {
  struct lock_arguments arguments = {.timeout_milliseconds = timeout_milliseconds};
  int result = driver->lock(pid, &arguments);
  return is_ready_now(driver, result) ? driver->lock(pid, &arguments) : result;
}

int cuda_driver_checkpoint(const struct cuda_driver *driver, int pid) {
  int result = driver->checkpoint(pid, NULL);
  return is_ready_now(driver, result) ? driver->checkpoint(pid, NULL) : result;
}

int cuda_driver_restore(const struct cuda_driver *driver, int pid) {
  int result = driver->restore(pid, NULL);
  return is_ready_now(driver, result) ? driver->restore(pid, NULL) : result;
}

int cuda_driver_unlock(const struct cuda_driver *driver, int pid) {
  int result = driver->unlock(pid, NULL);
  return is_ready_now(driver, result) ? driver->unlock(pid, NULL) : result;
}

const char *cuda_driver_result_name(const struct cuda_driver *driver, int result) {
  const char *name = NULL;
  if (driver->get_error_name == NULL || driver->get_error_name(result, &name) != 0) return NULL;
  return name;
}
