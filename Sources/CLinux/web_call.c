#define _GNU_SOURCE
#include "web_call.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// Of curl/curl.h and curl/multi.h, whose numbers never change.
typedef void CURL;
typedef void CURLM;
struct curl_slist;
struct curl_message {
  int kind;
  CURL *easy;
  union {
    void *whatever;
    int result;
  } data;
};
enum { GLOBAL_ALL = 3, MESSAGE_DONE = 1, PROTOCOL_HTTP = 1, PROTOCOL_HTTPS = 2, HTTP_VERSION_1_1 = 2 };
enum { ERROR_NONE = 0, ERROR_NO_SUCH_HOST = 6, ERROR_NO_CONNECTION = 7, ERROR_TIMED_OUT = 28 };
enum {
  OPTION_NO_BODY = 44,
  OPTION_HTTP_VERSION = 84,
  OPTION_NO_SIGNAL = 99,
  OPTION_CONNECT_TIMEOUT_MS = 156,
  OPTION_PROTOCOLS = 181,
  OPTION_PATH_AS_IS = 234,
  OPTION_SUPPRESS_CONNECT_HEADERS = 265,
  OPTION_WRITE_DATA = 10001,
  OPTION_URL = 10002,
  OPTION_ERROR_BUFFER = 10010,
  OPTION_POST_FIELDS = 10015,
  OPTION_HTTP_HEADER = 10023,
  OPTION_HEADER_DATA = 10029,
  OPTION_CUSTOM_REQUEST = 10036,
  OPTION_CA_INFO = 10065,
  OPTION_WRITE_FUNCTION = 20011,
  OPTION_HEADER_FUNCTION = 20079,
  OPTION_POST_FIELD_SIZE_LARGE = 30120,
};
enum { INFO_REQUEST_SIZE = 0x200000 + 12, INFO_LOCAL_PORT = 0x200000 + 42, INFO_OS_ERRNO = 0x200000 + 25 };
enum { ERROR_TEXT_SIZE = 256 };
// Of openssl/crypto.h.
enum { OPENSSL_NO_ATEXIT = 0x80000 };

struct curl_library {
  int (*global_init)(long flags);
  CURL *(*easy_init)(void);
  int (*easy_setopt)(CURL *easy, int option, ...);
  int (*easy_getinfo)(CURL *easy, int info, ...);
  const char *(*easy_strerror)(int error);
  void (*easy_cleanup)(CURL *easy);
  CURLM *(*multi_init)(void);
  int (*multi_add_handle)(CURLM *multi, CURL *easy);
  int (*multi_remove_handle)(CURLM *multi, CURL *easy);
  int (*multi_perform)(CURLM *multi, int *running);
  int (*multi_poll)(CURLM *multi, void *descriptors, unsigned count, int timeout_milliseconds, int *ready);
  int (*multi_wakeup)(CURLM *multi);
  struct curl_message *(*multi_info_read)(CURLM *multi, int *left);
  int (*multi_cleanup)(CURLM *multi);
  struct curl_slist *(*slist_append)(struct curl_slist *list, const char *text);
  void (*slist_free_all)(struct curl_slist *list);
};

struct curl_library *curl_library_open(const char *name, char *reason, size_t capacity) {
  void *handle = dlopen(name, RTLD_NOW | RTLD_LOCAL);
  if (handle == NULL) {
    snprintf(reason, capacity, "%s", dlerror());
    return NULL;
  }
  struct curl_library found = {
      .global_init = dlsym(handle, "curl_global_init"),
      .easy_init = dlsym(handle, "curl_easy_init"),
      .easy_setopt = dlsym(handle, "curl_easy_setopt"),
      .easy_getinfo = dlsym(handle, "curl_easy_getinfo"),
      .easy_strerror = dlsym(handle, "curl_easy_strerror"),
      .easy_cleanup = dlsym(handle, "curl_easy_cleanup"),
      .multi_init = dlsym(handle, "curl_multi_init"),
      .multi_add_handle = dlsym(handle, "curl_multi_add_handle"),
      .multi_remove_handle = dlsym(handle, "curl_multi_remove_handle"),
      .multi_perform = dlsym(handle, "curl_multi_perform"),
      .multi_poll = dlsym(handle, "curl_multi_poll"),
      .multi_wakeup = dlsym(handle, "curl_multi_wakeup"),
      .multi_info_read = dlsym(handle, "curl_multi_info_read"),
      .multi_cleanup = dlsym(handle, "curl_multi_cleanup"),
      .slist_append = dlsym(handle, "curl_slist_append"),
      .slist_free_all = dlsym(handle, "curl_slist_free_all"),
  };
  if (found.global_init == NULL || found.multi_wakeup == NULL) {
    snprintf(reason, capacity, "%s has no curl_multi_wakeup: it is older than 7.68", name);
    dlclose(handle);
    return NULL;
  }
  // At the process's end OpenSSL would put in order what other threads may still be using.
  int (*init_crypto)(uint64_t options, const void *settings) = dlsym(handle, "OPENSSL_init_crypto");
  if (init_crypto != NULL) init_crypto(OPENSSL_NO_ATEXIT, NULL);
  struct curl_library *library = malloc(sizeof *library);
  if (library == NULL || found.global_init(GLOBAL_ALL) != ERROR_NONE) {
    snprintf(reason, capacity, "%s could not be initialised", name);
    free(library);
    return NULL;
  }
  *library = found;
  return library;
}

struct web_call {
  const struct curl_library *curl;
  CURL *easy;
  CURLM *multi;
  struct curl_slist *fields;
  const struct web_listener *listener;
  atomic_bool is_cancelled;
  char error[ERROR_TEXT_SIZE];
};

struct web_call *web_call_make(const struct curl_library *library) {
  struct web_call *call = calloc(1, sizeof *call);
  if (call == NULL) return NULL;
  call->curl = library;
  call->easy = library->easy_init();
  call->multi = library->multi_init();
  // Where descriptors are scarce, it may have been made without those that a wake-up takes.
  if (call->easy != NULL && call->multi != NULL && library->multi_wakeup(call->multi) == ERROR_NONE) return call;
  web_call_free(call);
  return NULL;
}

void web_call_free(struct web_call *call) {
  if (call->easy != NULL) call->curl->easy_cleanup(call->easy);
  if (call->multi != NULL) call->curl->multi_cleanup(call->multi);
  call->curl->slist_free_all(call->fields);
  free(call);
}

void web_call_cancel(struct web_call *call) {
  atomic_store(&call->is_cancelled, true);
  // The call's next poll returns at once, if none is under way.
  call->curl->multi_wakeup(call->multi);
}

static size_t pass_on(
    struct web_call *call, bool (*to)(void *, const uint8_t *, size_t), const char *bytes, size_t count) {
  if (!atomic_load(&call->is_cancelled) && to(call->listener->context, (const uint8_t *)bytes, count)) return count;
  atomic_store(&call->is_cancelled, true);
  // Any other count but that ends the transfer.
  return count + 1;
}

static size_t take_line(char *bytes, size_t size, size_t count, void *call) {
  return pass_on(call, ((struct web_call *)call)->listener->line, bytes, size * count);
}

static size_t take_piece(char *bytes, size_t size, size_t count, void *call) {
  return pass_on(call, ((struct web_call *)call)->listener->piece, bytes, size * count);
}

bool web_call_add_field(struct web_call *call, const char *field) {
  struct curl_slist *longer = call->curl->slist_append(call->fields, field);
  if (longer != NULL) call->fields = longer;
  return longer != NULL;
}

// Whether everything was taken.
static bool prepare(struct web_call *call, const char *method, const char *url, uint32_t connect_timeout) {
  int (*set)(CURL *, int, ...) = call->curl->easy_setopt;
  CURL *easy = call->easy;
  if (!web_call_add_field(call, "Expect:")) return false;
  int failures = set(easy, OPTION_URL, url) | set(easy, OPTION_HTTP_HEADER, call->fields) |
                 set(easy, OPTION_ERROR_BUFFER, call->error) | set(easy, OPTION_NO_SIGNAL, 1L) |
                 set(easy, OPTION_PROTOCOLS, (long)(PROTOCOL_HTTP | PROTOCOL_HTTPS)) |
                 set(easy, OPTION_HTTP_VERSION, (long)HTTP_VERSION_1_1) | set(easy, OPTION_PATH_AS_IS, 1L) |
                 set(easy, OPTION_SUPPRESS_CONNECT_HEADERS, 1L) |
                 set(easy, OPTION_CONNECT_TIMEOUT_MS, (long)connect_timeout) |
                 set(easy, OPTION_HEADER_FUNCTION, take_line) | set(easy, OPTION_HEADER_DATA, call) |
                 set(easy, OPTION_WRITE_FUNCTION, take_piece) | set(easy, OPTION_WRITE_DATA, call);
  // libcurl leaves it to its user to look at this.
  const char *authorities = getenv("SSL_CERT_FILE");
  if (authorities != NULL) failures |= set(easy, OPTION_CA_INFO, authorities);
  return failures == ERROR_NONE;
}

// The method last: the others choose one of their own.
static bool prepare_body(struct web_call *call, const char *method, bool has_body, const void *body, size_t count) {
  int (*set)(CURL *, int, ...) = call->curl->easy_setopt;
  int failures = ERROR_NONE;
  if (has_body) {
    failures = set(call->easy, OPTION_POST_FIELD_SIZE_LARGE, (int64_t)count) |
               set(call->easy, OPTION_POST_FIELDS, count == 0 ? "" : body);
  } else if (strcmp(method, "HEAD") == 0) {
    failures = set(call->easy, OPTION_NO_BODY, 1L);
  }
  return (failures | set(call->easy, OPTION_CUSTOM_REQUEST, method)) == ERROR_NONE;
}

// Returns libcurl's result.
static int carry_out(struct web_call *call) {
  const struct curl_library *curl = call->curl;
  int running = 1;
  while (!atomic_load(&call->is_cancelled)) {
    if (curl->multi_perform(call->multi, &running) != ERROR_NONE) break;
    if (running == 0) break;
    if (curl->multi_poll(call->multi, NULL, 0, 60000, NULL) != ERROR_NONE) break;
  }
  int left;
  struct curl_message *message = curl->multi_info_read(call->multi, &left);
  return message != NULL && message->kind == MESSAGE_DONE ? message->data.result : -1;
}

// Whether there may be one between here and the service, whose failures tell nothing of the service.
static bool may_use_proxy(void) {
  static const char *const names[] = {"http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    if (getenv(names[i]) != NULL) return true;
  }
  return false;
}

// Whether it says that nobody listens; others, as a lack of descriptors, are this machine's own.
static bool means_nobody(long error_number) {
  return error_number == ECONNREFUSED || error_number == ECONNRESET || error_number == EHOSTUNREACH ||
         error_number == ENETUNREACH || error_number == ETIMEDOUT;
}

static enum web_result result_of(const struct web_call *call, int error) {
  if (error == ERROR_NONE) return WEB_DONE;
  if (atomic_load(&call->is_cancelled)) return WEB_CANCELLED;
  long sent = 0;
  call->curl->easy_getinfo(call->easy, INFO_REQUEST_SIZE, &sent);
  if (sent > 0) return WEB_BROKEN_OFF;
  if (may_use_proxy()) return error == ERROR_TIMED_OUT ? WEB_NOT_SENT_IN_TIME : WEB_NOT_SENT;
  long error_number = 0;
  call->curl->easy_getinfo(call->easy, INFO_OS_ERRNO, &error_number);
  if (error == ERROR_NO_SUCH_HOST) return WEB_NOT_CONNECTED;
  if (error == ERROR_NO_CONNECTION && means_nobody(error_number)) return WEB_NOT_CONNECTED;
  if (error != ERROR_TIMED_OUT) return WEB_NOT_SENT;
  // Known from TCP's connection on; its time (CURLINFO_CONNECT_TIME) only when TLS is there, too.
  long local_port = 0;
  call->curl->easy_getinfo(call->easy, INFO_LOCAL_PORT, &local_port);
  return local_port > 0 ? WEB_NOT_SENT_IN_TIME : WEB_NOT_CONNECTED_IN_TIME;
}

enum web_result web_call_run(
    struct web_call *call, const char *method, const char *url, bool has_body, const void *body, size_t body_count,
    uint32_t connect_timeout_milliseconds, const struct web_listener *listener, char *reason, size_t capacity) {
  call->listener = listener;
  if (!prepare(call, method, url, connect_timeout_milliseconds) ||
      !prepare_body(call, method, has_body, body, body_count) ||
      call->curl->multi_add_handle(call->multi, call->easy) != ERROR_NONE) {
    snprintf(reason, capacity, "libcurl did not take the request");
    return WEB_NOT_SENT;
  }
  int error = carry_out(call);
  enum web_result result = result_of(call, error);
  const char *text = call->error[0] != 0 ? call->error : error > 0 ? call->curl->easy_strerror(error) : "libcurl failed";
  // A proxy's address may have its password in it.
  if (strstr(text, "://") != NULL) text = call->curl->easy_strerror(error);
  snprintf(reason, capacity, "%s", text);
  call->curl->multi_remove_handle(call->multi, call->easy);
  return result;
}
