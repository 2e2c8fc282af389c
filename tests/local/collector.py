"""An OpenTelemetry collector: a real HTTP server that parses what it gets with the messages of opentelemetry-proto."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

if TYPE_CHECKING:
    import ssl

    from opentelemetry.proto.common.v1.common_pb2 import AnyValue
    from opentelemetry.proto.trace.v1.trace_pb2 import Span


class Collector:
    """Takes spans, or answers with another status; while ``held`` is cleared it does not answer at all."""

    def __init__(self, status: int = 200, tls: ssl.SSLContext | None = None) -> None:
        self._tls = tls
        self.status = status
        self.reply_headers: dict[str, str] = {}
        self.reply = b""
        self.held = threading.Event()
        self.held.set()
        self.bodies: list[bytes] = []
        self.headers: list[dict[str, str]] = []
        self.paths: list[str] = []
        self._changed = threading.Condition()

    def __enter__(self) -> Collector:
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        if self._tls:
            self._server.socket = self._tls.wrap_socket(self._server.socket, server_side=True)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})
        self._thread.start()
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.held.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def url(self) -> str:
        return f"http{'s' * bool(self._tls)}://127.0.0.1:{self._server.server_port}"

    @property
    def requests(self) -> list[ExportTraceServiceRequest]:
        return [ExportTraceServiceRequest.FromString(body) for body in self.bodies]

    @property
    def spans(self) -> list[Span]:
        """All spans, in the order in which the calls began."""
        found = [
            span
            for request in self.requests
            for resource in request.resource_spans
            for scope in resource.scope_spans
            for span in scope.spans
        ]
        return sorted(found, key=lambda span: span.start_time_unix_nano)

    def wait_for(self, requests: int, limit_s: float = 60) -> None:
        with self._changed:
            assert self._changed.wait_for(lambda: len(self.bodies) >= requests, limit_s)

    def _take(self, path: str, headers: dict[str, str], body: bytes) -> None:
        with self._changed:
            self.paths.append(path)
            self.headers.append(headers)
            self.bodies.append(body)
            self._changed.notify_all()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        collector = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                collector._take(self.path, {name.lower(): value for name, value in self.headers.items()}, body)
                collector.held.wait(60)
                self.send_response(collector.status)
                for name, value in collector.reply_headers.items():
                    self.send_header(name, value)
                self.send_header("content-length", str(len(collector.reply)))
                self.end_headers()
                if collector.reply:
                    self.wfile.write(collector.reply)

            def log_message(self, *args: Any) -> None:
                pass

        return Handler


def known(span: Any) -> dict[str, Any]:
    """The attributes of a span, an event or a resource."""
    return {each.key: _value(each.value) for each in span.attributes}


def _value(value: AnyValue) -> Any:
    kind = value.WhichOneof("value")
    assert kind is not None
    return [_value(each) for each in value.array_value.values] if kind == "array_value" else getattr(value, kind)
