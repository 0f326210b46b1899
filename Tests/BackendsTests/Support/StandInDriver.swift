import Foundation
import TestSupport
import Testing

@testable import Backends

/// A CUDA driver library built by the test, which keeps the state of processes in itself and writes down each call.
final class StandInDriver: Sendable {
  private let ground: TemporaryDirectory

  /// - Parameter options: what the compiler is told besides: `-DNEEDS_INIT`, `-DTOO_OLD`, `-DFAIL="checkpoint"`.
  init(_ options: String...) async throws {
    ground = try TemporaryDirectory()
    let source = directory + "/libcuda.c"
    try Self.source.write(toFile: source, atomically: true, encoding: .utf8)
    let log = "-DLOG=\"\(directory)/calls\""
    let compiler = try SpawnedProgram(["cc", "-shared", "-fPIC", "-o", path, source, log] + options)
    try #require(await compiler.exitStatus == 0)
  }

  var path: String { directory + "/libcuda.so.1" }
  private var directory: String { ground.path }

  /// Each call with its process and, for a lock, its time-out.
  var calls: [String] {
    let text = (try? String(contentsOfFile: directory + "/calls", encoding: .utf8)) ?? ""
    return text.split(separator: "\n").map(String.init)
  }

  private static let source = """
    #include <stdarg.h>
    #include <stdio.h>
    #include <string.h>

    #ifdef NEEDS_INIT
    static int initialised = 0;
    #else
    static int initialised = 1;
    #endif
    #ifndef FAIL
    #define FAIL ""
    #endif

    static void note(const char *format, ...) {
      FILE *log = fopen(LOG, "a");
      va_list arguments;
      va_start(arguments, format);
      vfprintf(log, format, arguments);
      va_end(arguments);
      fclose(log);
    }

    int cuInit(unsigned flags) {
      note("init %u\\n", flags);
      initialised = 1;
      return 0;
    }

    int cuGetErrorName(int result, const char **name) {
      if (result != 304) return 1;
      *name = "CUDA_ERROR_OPERATING_SYSTEM";
      return 0;
    }

    #ifndef TOO_OLD
    static struct { int pid, state; } processes[64];

    static int *state_of(int pid) {
      int i = 0;
      while (processes[i].pid != 0 && processes[i].pid != pid) i++;
      processes[i].pid = pid;
      return &processes[i].state;
    }

    static int move(const char *name, int pid, int from, int to) {
      if (!initialised) return 3;
      if (strcmp(name, FAIL) == 0) return 304;
      if (*state_of(pid) != from) return 1;
      *state_of(pid) = to;
      return 0;
    }

    int cuCheckpointProcessGetState(int pid, int *state) {
      if (!initialised) return 3;
      if (strcmp("state", FAIL) == 0) return 400;
      *state = *state_of(pid);
      return 0;
    }

    int cuCheckpointProcessLock(int pid, unsigned *arguments) {
      int is_clean = 1;
      for (int i = 1; i < 16; i++) is_clean &= arguments[i] == 0;
      note("lock %d %u %s\\n", pid, arguments[0], is_clean ? "clean" : "dirty");
      return move("lock", pid, 0, 1);
    }

    int cuCheckpointProcessCheckpoint(int pid, void *arguments) {
      note("checkpoint %d\\n", pid);
      return arguments == NULL ? move("checkpoint", pid, 1, 2) : 1;
    }

    int cuCheckpointProcessRestore(int pid, void *arguments) {
      note("restore %d\\n", pid);
      return arguments == NULL ? move("restore", pid, 2, 1) : 1;
    }

    int cuCheckpointProcessUnlock(int pid, void *arguments) {
      note("unlock %d\\n", pid);
      return arguments == NULL ? move("unlock", pid, 1, 0) : 1;
    }
    #endif

    """
}
