// HTTP requests to services on the web by libcurl, found at run time: whoever has only servers nearby does without it.
#ifndef CLINUX_WEB_CALL_H
#define CLINUX_WEB_CALL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct curl_library;

/// Loads libcurl (dlopen(3)), for the life of the process. NULL where it is not there or older than 7.68; `reason` then
/// has the cause.
struct curl_library *curl_library_open(const char *name, char *reason, size_t capacity);

/// What is called, by the thread that runs the call, as the answer comes; each tells whether to go on.
struct web_listener {
  void *context;
  /// Gets one line of a head, or of what follows a body, with its end. Informational heads come, too; a proxy's do not.
  bool (*line)(void *context, const uint8_t *bytes, size_t count);
  bool (*piece)(void *context, const uint8_t *bytes, size_t count);
};

enum web_result {
  WEB_DONE,
  /// Nothing of the request was sent, nor in the three that follow.
  WEB_NOT_SENT,
  /// Whoever was connected to did not come to an understanding about TLS in time.
  WEB_NOT_SENT_IN_TIME,
  /// There is no such name, or nobody took the connection. Never told where a proxy may be between.
  WEB_NOT_CONNECTED,
  /// Nobody took or refused the connection in time.
  WEB_NOT_CONNECTED_IN_TIME,
  /// It was sent, at least in part, and no whole answer came.
  WEB_BROKEN_OFF,
  /// By `web_call_cancel` or the listener.
  WEB_CANCELLED,
};

struct web_call;

/// NULL when there is no memory, or no descriptor, for it.
struct web_call *web_call_make(const struct curl_library *library);

/// Adds a field of the request, as "Name: value", or as "Name;" where the value is empty; "Name:" keeps libcurl from adding
/// one of its own. Returns whether there was memory for it.
bool web_call_add_field(struct web_call *call, const char *field);

/// Sends the request over a connection of its own and waits for the end of its answer; `reason` gets what went wrong, for
/// a person. Nothing of `body` is looked at where the request has none. The time-out is for the name, the connection and TLS
/// together. To be called once.
enum web_result web_call_run(
    struct web_call *call, const char *method, const char *url, bool has_body, const void *body, size_t body_count,
    uint32_t connect_timeout_milliseconds, const struct web_listener *listener, char *reason, size_t capacity);

/// Ends the call soon; by any thread, before, while or after it runs.
void web_call_cancel(struct web_call *call);

/// Not while it runs.
void web_call_free(struct web_call *call);

#endif
