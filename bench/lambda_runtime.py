"""A Lambda Runtime API on loopback: the side of AWS that a function's runtime (``awslambdaric``) talks to.

Source: https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
"""

from __future__ import annotations

import json
import os
import queue
import sys
import threading
import time
import uuid
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, cast

VERSION = "/2018-06-01/runtime"


class FunctionError(Exception):
    """The function reported an error, in its init phase or in an invocation.

    Attributes:
        kind: the class of what it raised.
        report: what the runtime posted: ``errorMessage``, ``errorType``, ``stackTrace``.
    """

    def __init__(self, report: dict[str, Any]) -> None:
        self.kind: str = report.get("errorType", "")
        self.report = report
        super().__init__(f"{self.kind}: {report.get('errorMessage')}")


@dataclass
class Invocation:
    """One event, and what became of it.

    Attributes:
        event: what the handler is given.
        deadline_s: seconds the function may take, which the handler's context shows.
        seconds: time from handing the event over to the arrival of the answer.
        answer: the body that the runtime posted.
        failed: whether it was posted as an error.
    """

    event: object
    deadline_s: float = 60.0
    request_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    seconds: float = 0.0
    answer: Any = None
    failed: bool = False
    started: float = 0.0
    done: threading.Event = field(default_factory=threading.Event)


class RuntimeApi:
    """Serves one function: hands it events and collects its answers.

    ::

        with RuntimeApi() as api:
            command = [sys.executable, "-m", "awslambdaric", "app.handler"]
            with subprocess.Popen(command, cwd=bundle, env=api.environment("app.handler", bundle)) as function:
                api.wait_until_ready()      # the init phase is over
                done = api.invoke({"name": "Ada"})
                print(done.answer, done.seconds)
                function.kill()

    Attributes:
        address: host and port, the value of ``AWS_LAMBDA_RUNTIME_API``.
    """

    def __init__(self) -> None:
        self.events: queue.Queue[Invocation | None] = queue.Queue()
        self.pending: dict[str, Invocation] = {}
        self.ready = threading.Event()
        self.init_error: dict[str, Any] | None = None
        self._server = _Server(self)
        self.address: str = f"127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> RuntimeApi:
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.events.put(None)  # for a runtime that waits for its next event
        self._server.shutdown()
        self._server.server_close()

    def environment(self, handler: str, task_root: str | os.PathLike[str], **more: str) -> dict[str, str]:
        """The environment variables of a function process: this process's own, what Lambda sets, and ``more``.

        Sets no size of memory: that is the caller's to limit.
        """
        lambdas = {
            "_HANDLER": handler,
            "AWS_EXECUTION_ENV": f"AWS_Lambda_python{sys.version_info[0]}.{sys.version_info[1]}",
            "AWS_LAMBDA_FUNCTION_NAME": "function",
            "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
            "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
            "AWS_LAMBDA_RUNTIME_API": self.address,
            "AWS_REGION": "us-east-1",
            "LAMBDA_TASK_ROOT": os.fspath(task_root),
        }
        return {**os.environ, **lambdas, **more}

    def wait_until_ready(self, timeout_s: float = 60.0) -> None:
        """Wait until the function asks for its first event.

        Raises:
            FunctionError: the init phase failed.
            TimeoutError: it took longer.
        """
        if not self.ready.wait(timeout_s):
            raise TimeoutError(f"the function was not ready in {timeout_s} s")
        if self.init_error is not None:
            raise FunctionError(self.init_error)

    def invoke(self, event: object, *, timeout_s: float = 60.0) -> Invocation:
        """Give the function an event and wait for its answer; call :meth:`wait_until_ready` first.

        Raises:
            FunctionError: the handler raised.
            TimeoutError: there was no answer in time.
        """
        invocation = Invocation(event, timeout_s)
        self.pending[invocation.request_id] = invocation
        self.events.put(invocation)
        if not invocation.done.wait(timeout_s):
            raise TimeoutError(f"no answer in {timeout_s} s")
        if invocation.failed:
            raise FunctionError(invocation.answer)
        return invocation


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, api: RuntimeApi) -> None:
        self.api = api
        super().__init__(("127.0.0.1", 0), _Handler)

    def handle_error(self, request: object, client_address: object) -> None:
        """Print nothing: a function that is killed breaks its connection."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # One write per reply: a second one would wait for the acknowledgement of the first.
    wbufsize = -1

    @property
    def api(self) -> RuntimeApi:
        return cast("_Server", self.server).api

    def do_GET(self) -> None:
        if self.path != f"{VERSION}/invocation/next":
            return self._send(404)
        self.api.ready.set()
        invocation = self.api.events.get()
        if invocation is None:
            self.close_connection = True
            return None
        headers = {
            "Lambda-Runtime-Aws-Request-Id": invocation.request_id,
            "Lambda-Runtime-Deadline-Ms": str(round((time.time() + invocation.deadline_s) * 1000)),
            "Lambda-Runtime-Invoked-Function-Arn": "arn:aws:lambda:us-east-1:123456789012:function:function",
            "Lambda-Runtime-Trace-Id": f"Root=1-{round(time.time()):08x}-{uuid.uuid4().hex[:24]};Sampled=0",
        }
        invocation.started = time.perf_counter()
        return self._send(200, json.dumps(invocation.event).encode(), headers)

    def do_POST(self) -> None:
        answer = json.loads(self.rfile.read(int(self.headers["Content-Length"])) or b"null")
        if self.path == f"{VERSION}/init/error":
            self.api.init_error = answer
            self.api.ready.set()
        else:
            *_, request_id, outcome = self.path.split("/")
            invocation = self.api.pending.pop(request_id)
            invocation.seconds = time.perf_counter() - invocation.started
            invocation.answer, invocation.failed = answer, outcome == "error"
            invocation.done.set()
        self._send(202)

    def _send(self, status: int, body: bytes = b"", headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), "Content-Type": "application/json"}.items():
            self.send_header(name, value)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments: object) -> None:
        """Print nothing."""
