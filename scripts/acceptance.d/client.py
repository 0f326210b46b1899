"""A plain HTTP client: nothing is retried, nothing is mended, and a cut is seen as a cut."""

import http.client
import json
import socket
from dataclasses import dataclass

TIMEOUT = 60.0


@dataclass(frozen=True)
class Address:
    host: str
    port: int

    def __str__(self):
        return f"{self.host}:{self.port}"

    @property
    def url(self) -> str:
        return f"http://{self}"


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode(errors="replace")

    @property
    def json(self):
        try:
            return json.loads(self.body)
        except ValueError:
            return None

    @property
    def error_code(self) -> str | None:
        """The code of an error in OpenAI's shape."""
        error = self.json.get("error") if isinstance(self.json, dict) else None
        return error.get("code") if isinstance(error, dict) else None

    @property
    def content(self) -> str | None:
        """What the model said, of a chat completion."""
        try:
            return self.json["choices"][0]["message"]["content"]
        except (TypeError, KeyError, IndexError):
            return None

    def __str__(self):
        return f"{self.status} {self.text[:400]}"


def request(address: Address, method: str, path: str, body=None, headers=None, timeout=TIMEOUT) -> Answer:
    """One request on a connection of its own. A `body` that is not bytes is sent as JSON."""
    connection = http.client.HTTPConnection(address.host, address.port, timeout=timeout)
    try:
        connection.request(method, path, *encoded(body, headers))
        return answer(connection.getresponse())
    finally:
        connection.close()


def answer(response: http.client.HTTPResponse) -> Answer:
    headers = {name.lower(): value for name, value in response.getheaders()}
    return Answer(response.status, headers, response.read())


def encoded(body, headers=None) -> tuple[bytes | None, dict[str, str]]:
    headers = dict(headers or {})
    if body is None or isinstance(body, bytes):
        return body, headers
    return json.dumps(body).encode(), {"Content-Type": "application/json", **headers}


def get(address: Address, path: str, **options) -> Answer:
    return request(address, "GET", path, **options)


def post(address: Address, path: str, body=None, **options) -> Answer:
    return request(address, "POST", path, body, **options)


def chat_body(model: str, stream=False, max_tokens=8) -> dict:
    return {
        "model": model,
        "messages": [{"role": "user", "content": "Who are you?"}],
        "max_tokens": max_tokens,
        "stream": stream,
    }


def chat(address: Address, model: str, max_tokens=8, **options) -> Answer:
    return post(address, "/v1/chat/completions", chat_body(model, max_tokens=max_tokens), **options)


class Stream:
    """A streamed chat completion, read event by event."""

    def __init__(self, address: Address, model: str, max_tokens=8, timeout=TIMEOUT, awaits_head=True):
        """Returns once the head of the answer has come, or as soon as the request is sent."""
        self.connection = http.client.HTTPConnection(address.host, address.port, timeout=timeout)
        self.connection.connect()
        self.socket = self.connection.sock
        body, headers = encoded(chat_body(model, stream=True, max_tokens=max_tokens))
        self.connection.request("POST", "/v1/chat/completions", body, headers)
        self.was_cut = False
        self.unread = b""
        self.events: list[tuple[str, str]] = []
        if awaits_head:
            self.await_head()

    def await_head(self):
        self.response = self.connection.getresponse()
        self.status = self.response.status

    def next_event(self) -> tuple[str, str] | None:
        """The next event's name and data; none at the end, and then `was_cut` tells how it came to it."""
        name, data = "message", []
        while (line := self.next_line()) is not None:
            match line.partition(":"):
                case ("", "", "") if data:
                    self.events.append((name, "\n".join(data)))
                    return self.events[-1]
                case ("event", _, value):
                    name = value.strip()
                case ("data", _, value):
                    data.append(value.removeprefix(" "))
        return None

    def next_line(self) -> str | None:
        while b"\n" not in self.unread:
            # Not `response.readline`, which takes a missing last chunk for an end like any other.
            try:
                piece = self.response.read1(65536)
            except (http.client.IncompleteRead, ConnectionError):
                self.was_cut = True
                return None
            if not piece:
                return None
            self.unread += piece
        line, _, self.unread = self.unread.partition(b"\n")
        return line.rstrip(b"\r").decode()

    def read_to_end(self) -> "Stream":
        while self.next_event():
            pass
        return self

    @property
    def is_done(self) -> bool:
        """Whether it ended as a whole answer does."""
        return not self.was_cut and bool(self.events) and self.events[-1][1] == "[DONE]"

    @property
    def text(self) -> str:
        """What the model has said so far."""
        said = ""
        for name, data in self.events:
            if name == "message" and data != "[DONE]":
                for choice in json.loads(data).get("choices", []):
                    said += choice["delta"].get("content") or ""
        return said

    def leave(self):
        """Goes away without a word, as a client does whose user has closed the window."""
        self.socket.shutdown(socket.SHUT_RDWR)
        self.response.close()
        self.socket.close()


class Sent:
    """A chat request that has been sent and whose answer nobody has asked for yet."""

    def __init__(self, address: Address, model: str, stream=False, max_tokens=8, body: dict | None = None):
        """`body` takes the place of the usual one."""
        self.connection = http.client.HTTPConnection(address.host, address.port, timeout=TIMEOUT)
        body, headers = encoded(body or chat_body(model, stream=stream, max_tokens=max_tokens))
        self.connection.request("POST", "/v1/chat/completions", body, headers)

    def answer(self) -> Answer:
        try:
            return answer(self.connection.getresponse())
        finally:
            self.connection.close()

    def leave(self):
        self.connection.close()
