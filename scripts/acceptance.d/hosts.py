"""Stand-ins for servers that load and unload models at an order; what they serve says in every answer who serves it."""

import http.server
import json
import ssl
import threading

from waiting import PATIENCE


# In the place of an answer: the connection is closed without one.
HANG_UP = object()


class Host:
    """A server on a port of its own; leaving the `with` block ends it. `calls` is what it was asked, in order."""

    def __init__(self, context: ssl.SSLContext | None = None):
        self.calls: list[str] = []
        self.lock = threading.Lock()
        # Streams stand still after their first event while this is not set.
        self.may_go_on = threading.Event()
        self.may_go_on.set()
        # What is asked on one of these paths stands still while its event is not set.
        self.may_answer: dict[str, threading.Event] = {}
        host = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def respond(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                request = json.loads(body) if body else {}
                with host.lock:
                    host.calls.append(f"{self.command} {self.path}" + (f" {body.decode()}" if body else ""))
                if event := host.may_answer.get(self.path):
                    event.wait(PATIENCE)
                with host.lock:
                    answer = host.answer(self.command, self.path, request, self.headers)
                if answer is HANG_UP:
                    self.close_connection = True
                    return
                if answer is None:
                    return self.stream(request)
                status, content, *fields = answer
                self.send_response(status)
                for name, value in fields:
                    self.send_header(name, value)
                content = json.dumps(content).encode()
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            do_GET = do_POST = respond

            def stream(self, request):
                """Three events and an end."""
                self.send_response(200)
                self.send_header("Content-Type", "text/event-stream")
                self.send_header("Transfer-Encoding", "chunked")
                self.end_headers()
                for word in ["I", " am ", request["model"]]:
                    self.chunk("data: " + json.dumps({"choices": [{"delta": {"content": word}}]}) + "\n\n")
                    host.may_go_on.wait(PATIENCE)
                self.chunk("data: [DONE]\n\n")
                self.wfile.write(b"0\r\n\r\n")

            def chunk(self, text: str):
                self.wfile.write(f"{len(text.encode()):x}\r\n{text}\r\n".encode())
                self.wfile.flush()

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        if context:
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.scheme = "https" if context else "http"
        self.port = self.server.server_address[1]

    @property
    def url(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self.port}"

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()

    def answer(self, method: str, path: str, request: dict, headers):
        """Status, content and fields of an answer; None for a stream of completions, HANG_UP for none at all. One request
        at a time."""
        raise NotImplementedError

    def orders(self, *paths: str) -> list[str]:
        return [call for call in self.calls if any(call.startswith(f"POST {path}") for path in paths)]


def completion(request: dict):
    """What answers a chat request; None: a stream does."""
    if request.get("stream"):
        return None
    return 200, {"choices": [{"message": {"role": "assistant", "content": f"I am {request['model']}"}}]}


class Ollama(Host):
    """Holds one model at most, as on a GPU that is too small for two; refuses to load another."""

    def __init__(self):
        super().__init__()
        self.loaded: list[str] = []

    def answer(self, method, path, request, headers):
        match path:
            case "/api/version":
                return 200, {"version": "0.12.0"}
            case "/api/ps":
                return 200, {"models": [{"name": name, "size_vram": 1} for name in self.loaded]}
            case "/api/generate" if request["keep_alive"] == 0:
                self.loaded = [name for name in self.loaded if name != request["model"]]
                return 200, {"done": True, "done_reason": "unload"}
            case "/api/generate" if self.loaded and request["model"] not in self.loaded:
                return 500, {"error": "out of memory"}
            case "/api/generate":
                self.loaded = [request["model"]]
                return 200, {"done": True, "done_reason": "load"}
            case "/v1/chat/completions" if request["model"] in self.loaded:
                return completion(request)
        return 404, {"error": f"not found: {path} {request.get('model')}"}


class Engine(Host):
    """Serves one model, and sleeps and wakes at an order, as vLLM does."""

    def __init__(self, context=None):
        super().__init__(context)
        self.sleeps = False
        self.credentials: list[str] = []

    def answer(self, method, path, request, headers):
        match path.split("?")[0]:
            case "/health":
                return 200, {}
            case "/is_sleeping":
                return 200, {"is_sleeping": self.sleeps}
            case "/sleep":
                self.sleeps = True
                return 200, {}
            case "/wake_up":
                self.sleeps = False
                return 200, {}
            case "/v1/chat/completions" if not self.sleeps:
                self.credentials.append(headers.get("Authorization"))
                return completion(request)
        return 404, {"error": f"not found: {path}"}


class GPU:
    """What several engines share: who holds it, what became of that in turn, and when two held it at once."""

    def __init__(self):
        self.holders: set[str] = set()
        self.turns: list[str] = []
        self.conflicts: list[set[str]] = []

    def take(self, name: str):
        self.holders = self.holders | {name}
        self.turns.append(f"{name} wakes")
        if len(self.holders) > 1:
            self.conflicts.append(self.holders)

    def leave(self, name: str):
        self.holders = self.holders - {name}
        self.turns.append(f"{name} sleeps")


class Tenant(Engine):
    """An engine that shares a GPU with others; asleep at first.

    While it `drops` the clients' requests, it does not answer them; while `is_ill`, it says so besides; while it `resists`,
    it does not sleep when it is told to.
    """

    def __init__(self, name: str, gpu: GPU):
        super().__init__()
        self.name, self.gpu = name, gpu
        self.sleeps = True
        self.drops = self.is_ill = self.resists = False

    def answer(self, method, path, request, headers):
        match path:
            case "/health" if self.is_ill:
                return 503, {}
            case "/v1/chat/completions" if self.is_ill or self.drops:
                return HANG_UP
            case "/sleep?level=1" if self.resists:
                return 500, {"error": "it hangs"}
            case "/sleep?level=1":
                self.gpu.leave(self.name)
            case "/wake_up":
                self.gpu.take(self.name)
        return super().answer(method, path, request, headers)


class Endpoints(Host):
    """The API of Hugging Face's Inference Endpoints and the endpoints themselves, each at a path of its own. A change of
    state takes one look more."""

    TOKEN = "hf_of_the_acceptance"

    def __init__(self, context=None, **states: str):
        super().__init__(context)
        self.states = states
        self.coming: dict[str, list[str]] = {}
        self.busy = 0

    def answer(self, method, path, request, headers):
        if headers.get("Authorization") != f"Bearer {self.TOKEN}":
            return 401, {"error": "Invalid credentials"}
        _, area, *rest = path.split("/")
        if area == "serve":
            name, route = rest[0], "/" + "/".join(rest[1:])
            if self.states[name] == "scaledToZero":
                self.coming[name] = ["initializing", "running"]
            if self.states[name] != "running":
                return 503, {"error": "not ready"}
            return (200, {}) if route == "/ping" else completion(request)
        if self.busy > 0:
            self.busy -= 1
            return 429, {"error": "slow down"}, ("Retry-After", "1")
        name, order = rest[2], rest[3] if len(rest) > 3 else ""
        match order:
            case "resume" if self.states[name] != "paused":
                return 400, {"error": "not paused"}
            case "resume":
                self.coming[name] = ["initializing", "running"]
            case "pause":
                self.coming[name] = ["paused"]
            case "scale-to-zero":
                self.coming[name] = ["scaledToZero"]
            case "" if self.coming.get(name):
                self.states[name] = self.coming[name].pop(0)
        state = self.states[name]
        url = f"{self.url}/serve/{name}" if state in ("running", "scaledToZero") else None
        return 200, {"name": name, "status": {"state": state, "message": f"it is {state}", "url": url}, "healthRoute": "/ping"}
