"""Replies of a collector that only look like a success, and variables of the environment: no loss is silent."""

from __future__ import annotations

import socket
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

import certifi
import pytest
import requests
from collector import Collector
from faults.certificates import authority, serving
from gateway_harness import Caller
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse
from telemetry_harness import calling, warnings_of

from to11ai_sdk.cli import main
from to11ai_sdk.local import LocalTo11, bounds
from to11ai_sdk.local.gateway.telemetry.collector_session import CollectorError, CollectorSession
from to11ai_sdk.local.gateway.telemetry.exporter_environment import timeout_s

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

pytestmark = pytest.mark.usefixtures("instant_export")
SECRET = "xyzzy-7391"


def partial(rejected: int, message: str = "") -> bytes:
    reply = ExportTraceServiceResponse()
    reply.partial_success.rejected_spans = rejected
    reply.partial_success.error_message = message
    return reply.SerializeToString()


PROTOBUF = {"content-type": "application/x-protobuf"}


@pytest.mark.parametrize(
    ("status", "headers", "body", "words"),
    [
        (301, {"location": "https://me:pw@h/v1/traces?key=pw"}, b"", "it redirects (301) to https://h/v1/traces"),
        (308, {"location": "/v1/traces/"}, b"", "it redirects (308) to http://127.0.0.1:PORT/v1/traces/"),
        (307, {"location": "http://["}, b"", "it redirects (307) to no URL"),
        (200, {"content-type": "text/html; charset=utf-8"}, b"<html>", "it answered with a web page; no collector"),
        (200, PROTOBUF, partial(1, "too\x1b[31m old"), "it rejected them: too [31m old"),
        (400, {}, b"", "it answered 400 Bad Request"),
        (503, {"retry-after": "3600"}, b"", "it answered 503 Service Unavailable"),
        (429, {"retry-after": "3600"}, b"", "it answered 429 Too Many Requests"),
    ],
)
def test_a_loss_is_logged_with_its_reason(
    collector: Collector,
    caplog: pytest.LogCaptureFixture,
    status: int,
    headers: dict[str, str],
    body: bytes,
    words: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(bounds, "OTLP_CLOSE_S", 5.0)  # older exporters try again for longer
    collector.status, collector.reply_headers, collector.reply = status, headers, body
    with calling(collector) as caller:
        assert caller.chat().status == 200
        collector.wait_for(1)
    (line,) = warnings_of(caplog)
    port = collector.url.rpartition(":")[2]
    assert line.startswith(f"1 span was not sent to {collector.url}/v1/traces: {words.replace('PORT', port)}")
    assert "pw" not in line
    assert line.isprintable()
    assert set(collector.paths) == {"/v1/traces"}


@pytest.mark.parametrize("body", [b"", partial(0), partial(0, "slow down"), partial(-5), b"\xff\xff", b"{}"], ids=repr)
def test_a_success_is_one(collector: Collector, caplog: pytest.LogCaptureFixture, body: bytes) -> None:
    collector.reply_headers, collector.reply = PROTOBUF, body
    with calling(collector) as caller:
        caller.chat()
    assert len(collector.spans) == 1
    assert warnings_of(caplog) == []


def test_no_more_is_rejected_than_was_sent(collector: Collector, caplog: pytest.LogCaptureFixture) -> None:
    collector.reply_headers, collector.reply = PROTOBUF, partial(2**60)
    with calling(collector) as caller:
        caller.chat()
    assert [line.split()[0] for line in warnings_of(caplog)] == ["1"]


@contextmanager
def scripted(*pieces: bytes, then_waits: bool = False) -> Generator[str]:
    """The URL of a server that answers each request with these bytes."""
    done = threading.Event()

    def answer(connection: socket.socket) -> None:
        with connection:
            connection.recv(65536)
            try:
                for piece in pieces:
                    connection.sendall(piece)
            except ConnectionError:
                return
            done.wait(60 if then_waits else 0)

    def serve() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=answer, args=(connection,), daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=serve, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            done.set()
            listener.shutdown(socket.SHUT_RDWR)


HEAD = b"HTTP/1.1 200 OK\r\ncontent-length: 99999999\r\n\r\n"


def test_only_the_beginning_of_a_reply_is_read() -> None:
    with scripted(HEAD, *[b"x" * 2**20] * 90) as url, CollectorSession() as session:
        reply = session.request("POST", url, data=b"", timeout=30)
        assert (reply.status_code, len(reply.content), session.problem) == (200, bounds.MAX_OTLP_REPLY, "")


def test_a_reply_that_never_ends_takes_a_bounded_time() -> None:
    now = 0.0

    def timer() -> float:
        nonlocal now
        now += 1
        return now

    with scripted(HEAD, b"x" * 50, then_waits=True) as url, CollectorSession(timer) as session:
        with pytest.raises(CollectorError, match="its reply took too long"):
            session.request("POST", url, data=b"", timeout=20)
        assert session.problem == "its reply took too long"


def test_a_port_for_grpc_is_named_as_the_reason() -> None:
    with scripted(b"\x00\x00\x12\x04\x00\x00\x00\x00\x00") as url, CollectorSession() as session:
        with pytest.raises(requests.RequestException):
            session.request("POST", url, data=b"", timeout=30)
        assert session.problem.startswith("it does not answer in HTTP/1.1; a port for gRPC")


def test_a_certificate_is_checked_with_the_authorities_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    with Collector(tls=serving()) as collector, authority().cert_pem.tempfile() as path:
        with CollectorSession() as session, pytest.raises(requests.exceptions.SSLError):
            session.request("POST", collector.url, data=b"", timeout=30)
        assert session.problem.startswith("[SSL: CERTIFICATE_VERIFY_FAILED]")
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_CERTIFICATE", path)
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", certifi.where())  # which is for others
        with calling(collector) as caller:
            caller.chat()
        assert len(collector.spans) == 1


def test_the_environments_proxy_and_netrc_are_not_for_this_machine(
    collector: Collector,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    (tmp_path / "netrc").write_text(f"default login me password {SECRET}\n", encoding="utf-8")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_HEADERS", "Authorization=Bearer abc")
    with calling(collector) as caller:
        caller.chat()
    assert [headers["authorization"] for headers in collector.headers] == ["Bearer abc"]


def test_a_proxy_that_fails_is_no_reason_to_log_its_password(monkeypatch: pytest.MonkeyPatch) -> None:
    for address in ("http://me:pw@127.0.0.1:9", "http://me:pw@127.0.0.1:x"):
        monkeypatch.setenv("http_proxy", address)
        with CollectorSession() as session:
            with pytest.raises(requests.RequestException):
                session.request("POST", "http://collector.example/v1/traces", data=b"", timeout=5)
            assert session.problem
            assert "pw" not in session.problem


@pytest.mark.parametrize(
    "headers",
    [f"Authorization: Bearer {SECRET}", f"x-api-key={SECRET}%0Aa", f"x-api-key={SECRET}%E2%82%AC",
     f"x api key={SECRET}", f'x-api-key="{SECRET}"', SECRET, f"a=b,{SECRET}"],
)  # fmt: skip
@pytest.mark.parametrize("kind", ["", "TRACES_"])
def test_a_malformed_header_is_refused_at_the_start_and_not_shown(
    headers: str,
    kind: str,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv(f"OTEL_EXPORTER_OTLP_{kind}HEADERS", headers)
    with pytest.raises(SystemExit) as leaving:
        main(["local", "--port", "0", "--otlp", "http://127.0.0.1:4318"])
    assert leaving.value.code == 2
    said = capsys.readouterr().err
    assert f"--otlp: OTEL_EXPORTER_OTLP_{kind}HEADERS must be like x-api-key=abc" in said
    with pytest.raises(ValueError, match="HEADERS must be like") as caught:
        LocalTo11(otlp="http://127.0.0.1:4318").start()
    assert SECRET not in said + caplog.text + str(caught.value)


@pytest.mark.parametrize(
    ("name", "value"),
    [("TIMEOUT", "10s"), ("TIMEOUT", "0"), ("TRACES_TIMEOUT", "-1"), ("TIMEOUT", "nan"), ("COMPRESSION", "zstd")],
)
def test_a_wrong_variable_is_named(name: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(f"OTEL_EXPORTER_OTLP_{name}", value)
    with pytest.raises(ValueError, match=f"^OTEL_EXPORTER_OTLP_{name} must be .*, not '{value}'$"):
        LocalTo11(otlp="http://127.0.0.1:4318").start()


@pytest.mark.parametrize(
    ("for_all", "for_traces", "seconds"),
    [("", "", 10.0), ("2.5", "", 2.5), ("2", "3", 3.0), ("10000", "", 60.0), ("inf", "", 60.0)],
)
def test_a_timeout_is_in_seconds_and_bounded(
    for_all: str, for_traces: str, seconds: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_TIMEOUT", for_all)
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", for_traces)
    assert timeout_s() == seconds


def test_headers_for_traces_take_precedence(collector: Collector, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_HEADERS", "x-key=1,x-other=2")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_TRACES_HEADERS", "x-key=a%2Cb")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_COMPRESSION", "gzip")
    with LocalTo11(otlp=collector.url) as to11:
        Caller(to11).chat()
    assert collector.headers[0]["x-key"] == "a,b"
    assert "x-other" not in collector.headers[0]
    assert collector.headers[0]["content-encoding"] == "gzip"
