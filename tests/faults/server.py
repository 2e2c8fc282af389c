"""A server that follows a script byte by byte, because no real one can be told to be this bad.

A script is a tuple of steps for one exchange: ``READ`` waits for a whole request, bytes are sent, a number is a pause
in seconds, ``RESET`` and ``HOLD`` end or stop the connection, ``KEEP`` starts over on the same connection (:class:`Do`
lists them all), a function of the request gives the bytes to send, and :class:`Endless` sends until the other side
gives up. After the last step the connection is closed.
"""

from __future__ import annotations

import json
import socket
import struct
import threading
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from enum import Enum
from http.client import responses
from typing import TYPE_CHECKING, Any

from typing_extensions import Self

if TYPE_CHECKING:
    import ssl


class Do(Enum):
    """Steps of a script that send nothing."""

    READ = "wait for a whole request"
    HEAD = "wait for the head of a request and leave its body where it is"
    SIP = "read a little of what comes, now and then"
    HOLD = "do nothing until the test is over"
    RESET = "close with a TCP reset"
    KEEP = "wait for the next request on this connection"


READ, HEAD, SIP, HOLD, RESET, KEEP = Do.READ, Do.HEAD, Do.SIP, Do.HOLD, Do.RESET, Do.KEEP


class Endless:
    """A piece that is sent again and again, with a pause between."""

    def __init__(self, piece: bytes, pause_s: float = 0.0, most: int = 1 << 40) -> None:
        self.piece = piece
        self.pause_s = pause_s
        self.most = most


class Received:
    """One request as the server got it.

    Attributes:
        connection: number of the connection it came on, from 0.
    """

    def __init__(self, connection: int, head: bytes, body: bytes) -> None:
        lines = head.decode("latin-1").split("\r\n")
        self.connection = connection
        self.method, self.target, self.version = lines[0].split(" ", 2)
        fields = (line.split(":", 1) for line in lines[1:] if line)
        self.headers = {name.lower(): value.strip() for name, value in fields}
        self.raw = head + body
        self.body = body

    @property
    def json(self) -> Any:
        return json.loads(self.body)


Step = bytes | float | Do | Endless | Callable[[Received], bytes]
Script = tuple[Step, ...]


class ScriptedServer:
    """Serves on a free port of the loopback, one thread per connection, until its ``with`` block ends.

    Args:
        scripts: what happens on the first, second, ... connection; the last one holds for all that follow.
        tls: certificate and key; plain HTTP without.
        port: where to listen; a free port unless told.

    Attributes:
        rests: released each time the server has done all that it does at once for a connection: it holds or begins to
            send without end, or the script is over.
    """

    def __init__(self, *scripts: Script, tls: ssl.SSLContext | None = None, port: int = 0) -> None:
        self._scripts = scripts
        self._tls = tls
        self._stopped = threading.Event()
        self._lock = threading.Lock()
        self._threads: list[threading.Thread] = []
        self._sockets: list[socket.socket] = []
        self.requests: list[Received] = []
        self.rests = threading.Semaphore(0)
        self.connections = 0
        self._listener = socket.socket()
        self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._listener.bind(("127.0.0.1", port))
        self._listener.listen(128)
        self.port: int = self._listener.getsockname()[1]
        self._start(self._accept)

    @property
    def url(self) -> str:
        return f"{'https' if self._tls else 'http'}://127.0.0.1:{self.port}"

    @property
    def https_url(self) -> str:
        """The address as it would be with TLS."""
        return f"https://127.0.0.1:{self.port}"

    def play(self, *scripts: Script, tls: ssl.SSLContext | None = None) -> None:
        """Other scripts for every exchange that begins from now on, and other TLS for new connections."""
        self._scripts = scripts
        self._tls = tls or self._tls
        self.connections = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._stopped.set()
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        with self._lock:
            sockets = list(self._sockets)
        for sock in sockets:
            with suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
        for thread in list(self._threads):
            thread.join(30)
            assert not thread.is_alive(), "a thread of the scripted server does not end"

    def _start(self, target: Callable[..., None], *args: Any) -> None:
        thread = threading.Thread(target=target, args=args, daemon=True, name="scripted-server")
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while not self._stopped.is_set():
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with self._lock:
                number, self.connections = self.connections, self.connections + 1
                self._sockets.append(sock)
            self._start(self._serve, sock, number)

    def _serve(self, sock: socket.socket, number: int) -> None:
        over = False
        try:
            if tls := self._tls:
                sock.settimeout(30)
                with self._lock:
                    self._sockets.remove(sock)
                    sock = tls.wrap_socket(sock, server_side=True, do_handshake_on_connect=False)
                    self._sockets.append(sock)
                sock.do_handshake()  # type: ignore[attr-defined]
                sock.settimeout(None)
            while self._exchange(sock, number):
                self.rests.release()
            over = True
        except (OSError, ValueError):
            pass
        finally:
            with self._lock:
                self._sockets.remove(sock)
            sock.close()
            if over:
                self.rests.release()

    def _exchange(self, sock: socket.socket, number: int) -> bool:
        """Follow a script once; whether the connection goes on."""
        request: Received | None = None
        reads = self._script(number)[:1] == (READ,)
        if reads:
            # First the request, then the choice: a connection that was kept follows the newest script.
            request = self._read(sock, number)
        for step in self._script(number)[int(reads) :]:
            if step is KEEP:
                return True
            if step is RESET:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                return False
            self._do(sock, step, request)
        return False

    def _script(self, number: int) -> Script:
        return self._scripts[min(number, len(self._scripts) - 1)]

    def _do(self, sock: socket.socket, step: Step, request: Received | None) -> None:
        if isinstance(step, Do):
            self._obey(sock, step)
        elif isinstance(step, int | float):
            self._stopped.wait(step)
        elif isinstance(step, bytes):
            sock.sendall(step)
        elif isinstance(step, Endless):
            self.rests.release()
            sent = 0
            while sent < step.most and not self._stopped.wait(step.pause_s):
                sock.sendall(step.piece)
                sent += len(step.piece)
        elif callable(step):
            assert request is not None
            if piece := step(request):
                sock.sendall(piece)

    def _obey(self, sock: socket.socket, step: Do) -> None:
        if step is HOLD:
            self.rests.release()
            self._stopped.wait()
        elif step is HEAD:
            received = b""
            while b"\r\n\r\n" not in received:
                received += _more(sock, 2000)
        elif step is SIP:
            self.rests.release()
            while sock.recv(1000) and not self._stopped.wait(0.02):
                pass

    def _read(self, sock: socket.socket, number: int) -> Received:
        stream = b""
        while b"\r\n\r\n" not in stream:
            stream += _more(sock)
        head, _, body = stream.partition(b"\r\n\r\n")
        request = Received(number, head, body)
        left, pieces = int(request.headers.get("content-length", "0")) - len(body), [body]
        while left > 0:
            pieces.append(_more(sock))
            left -= len(pieces[-1])
        request.body = b"".join(pieces)
        request.raw = head + request.body
        with self._lock:
            self.requests.append(request)
        return request


def _more(sock: socket.socket, size: int = 65536) -> bytes:
    """What comes next from the client; ends the connection if nothing does."""
    piece = sock.recv(size)
    if not piece:
        raise ConnectionAbortedError
    return piece


def http(
    status: str | int = 200,
    body: bytes | Any = b"",
    headers: Mapping[str, str] | Iterable[tuple[str, str]] = (),
    *,
    length: bool = True,
) -> bytes:
    """A reply in bytes; a body that is not bytes is sent as JSON."""
    if not isinstance(body, bytes):
        body = json.dumps(body).encode()
    pairs = list(headers.items() if isinstance(headers, Mapping) else headers)
    if length:
        pairs.append(("Content-Length", str(len(body))))
    lines = [f"HTTP/1.1 {status} {responses.get(status, 'Odd')}" if isinstance(status, int) else f"HTTP/1.1 {status}"]
    lines += [f"{name}: {value}" for name, value in pairs]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


TIME = "2026-06-17T12:00:00Z"


def answer(request: Received) -> dict[str, Any]:
    """The envelope that fits a request, with something of the request in it, so that a mix-up would show."""
    path = request.target.partition("?")[0]
    if path.endswith("/prompts:resolve"):
        data = resolved(request.json["slug"])
    elif path.endswith("/versions") and "/routing/" not in path:
        data = {"id": "pv_1", "promptId": path.split("/")[-2], "version": 1, "format": "text", "createdByUserId": "u"}
        data["createdAt"] = TIME
    elif path.endswith("/versions"):
        data = {"id": "rv_1", "ruleId": path.split("/")[-2], "version": 1, "createdBy": "u", "createdAt": TIME}
        data["snapshotJson"] = {"endpoint": "/chat/completions", "strategy": "single"}
    elif path.endswith("/rollback"):
        data = release(path.split("/")[-2])
    elif path.endswith("/archive"):
        data = {"environment": environment(path.split("/")[-2])}
    elif "/environments" in path:
        data = environment(path.split("/")[-2] if path.endswith("/restore") else request.json["slug"])
    elif path.endswith("/prompt-labels"):
        data = label(request.json["label"])
    else:
        slug = request.json["slug"] if request.method == "POST" else path.split("/")[-1]
        data = prompt(slug)
    return {"success": True, "code": 200, "data": data, "error": None, "pagination": None}


def prompt(slug: str) -> dict[str, Any]:
    return {
        "id": slug,
        "projectId": "p",
        "name": slug,
        "slug": slug,
        "description": None,
        "tags": ["t"],
        "status": "active",
        "createdByUserId": "u",
        "createdAt": TIME,
        "updatedAt": TIME,
    }


def resolved(slug: str) -> dict[str, Any]:
    return {
        "promptId": slug,
        "versionId": "v",
        "version": 1,
        "labels": ["prod"],
        "contentHash": "sha256:0",
        "rendered": {"format": "chat", "messages": [{"role": "user", "content": slug}]},
        "blockRenderRecord": {"b": "rendered"},
    }


def environment(slug: str) -> dict[str, Any]:
    flags = {"isDefault": False, "isGatewayFallback": False, "isSystem": False, "sortOrder": 0}
    who = {"createdBy": "u", "updatedBy": "u", "createdAt": TIME, "updatedAt": TIME}
    return {"id": slug, "projectId": "p", "slug": slug, "name": slug, **flags, **who}


def release(env: str) -> dict[str, Any]:
    ids = {"id": "rr_1", "ruleId": "r", "environmentId": env, "envSlug": env, "actorId": "u", "actorType": "user"}
    return {**ids, "strategy": "single", "changeKind": "release_rolled_back", "createdAt": TIME}


def label(name: str) -> dict[str, Any]:
    who = {"createdByUserId": "u", "createdAt": TIME, "updatedAt": TIME}
    return {"projectId": "p", "label": name, "isSystem": False, "isDefault": False, "displayColor": "red", **who}


def good(request: Received) -> bytes:
    """The reply a healthy server gives."""
    return http(200, answer(request))


HEALTHY: Script = (READ, good, KEEP)
