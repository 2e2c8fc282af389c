"""Sends the requests of OpenTelemetry's exporter, and finds replies that look like a success to it but are none."""

from __future__ import annotations

import time
from http.client import BadStatusLine
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit

import requests
from google.protobuf.message import DecodeError
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse

from ...._http.urllib_exchange import is_loopback
from ... import bounds
from .library_log import printable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


class CollectorError(requests.RequestException):
    """A collector did not take the spans, although its status says no error."""


def _as_it_is(request: requests.PreparedRequest) -> requests.PreparedRequest:
    return request


class CollectorSession(requests.Session):
    """Follows no redirect, and reads a reply only for a bounded time and length.

    Args:
        timer: returns seconds of a clock that never goes back.

    Attributes:
        problem: why the latest finished request did not succeed, or not for all spans; else empty.
        rejected: how many of its spans the collector refused.
    """

    def __init__(self, timer: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self.problem: str = ""
        self.rejected: int = 0
        self._timer = timer
        self.auth: Any = _as_it_is  # else the user's .netrc would replace the given key

    def request(self, method: str, url: str | bytes, *args: Any, **options: Any) -> requests.Response:
        """Send a request and read its reply.

        Raises:
            CollectorError: it redirects, or is a web page.
            OSError: any other failure, as ``requests`` raises it.
        """
        ends_at = self._timer() + (options.get("timeout") or bounds.OTLP_TIMEOUT_S)
        options.update(stream=True, **_direct(str(url)))
        if options.get("verify") is None and self.verify is not True:
            options["verify"] = self.verify  # else REQUESTS_CA_BUNDLE would take precedence
        try:
            response = super().request(method, url, *args, **options)
            response.raw = _BoundedBody(response.raw, lambda: self._timer() > ends_at)
            self._judge(response, response.content)
        except CollectorError as exc:
            self.problem = str(exc)
            raise
        except OSError as exc:
            self.problem = _words_for(exc)
            raise
        return response

    def get_redirect_target(self, resp: requests.Response) -> str | None:
        """Return no URL: spans and keys go nowhere else."""
        return None

    def _judge(self, response: requests.Response, content: bytes) -> None:
        self.problem, self.rejected = "", 0
        status, media_type = response.status_code, response.headers.get("content-type", "").lower()
        if 300 <= status < 400:
            target = _plain_url(response.url, response.headers.get("location", ""))
            raise CollectorError(f"it redirects ({status}) to {target}")
        if status >= 400:
            self.problem = f"it answered {status} {printable(response.reason or '')}".rstrip()
        elif media_type.startswith("text/html"):
            raise CollectorError("it answered with a web page; no collector takes spans at this URL")
        elif media_type.startswith("application/x-protobuf"):
            self._read_rejections(content)

    def _read_rejections(self, content: bytes) -> None:
        try:
            partial = ExportTraceServiceResponse.FromString(content).partial_success
        except DecodeError:  # its status says success all the same
            return
        if partial.rejected_spans > 0:
            self.rejected = partial.rejected_spans
            self.problem = f"it rejected them: {printable(partial.error_message)}"


class _BoundedBody:
    """The body of a reply as far as it may be read."""

    def __init__(self, raw: Any, is_late: Callable[[], bool]) -> None:
        self._raw = raw
        self._is_late = is_late

    def stream(self, size: int, decode_content: bool | None = None) -> Iterator[bytes]:
        """Yield the body byte by byte: waiting for more at once could take any time."""
        for number, piece in enumerate(self._raw.stream(1, decode_content), 1):
            if self._is_late():
                self._raw.close()
                raise CollectorError("its reply took too long")
            yield piece
            if number >= bounds.MAX_OTLP_REPLY:
                self._raw.close()
                return

    def __getattr__(self, name: str) -> Any:
        return getattr(self._raw, name)


def _direct(url: str) -> dict[str, Any]:
    """Return the options that keep a request to this machine away from the environment's proxy."""
    parts = urlsplit(url)
    return {"proxies": {"no_proxy": parts.hostname}} if is_loopback(parts.netloc) else {}


def _words_for(exc: OSError) -> str:
    """Return what went wrong: the words of the operating system or of TLS, as those of others may have a password."""
    chain: list[BaseException] = [exc]
    while (under := chain[-1].__cause__ or chain[-1].__context__) is not None:
        chain.append(under)
    for inner in reversed(chain):
        if isinstance(inner, BadStatusLine):
            return "it does not answer in HTTP/1.1; a port for gRPC, mostly 4317, cannot be used"
        if isinstance(inner, OSError) and not isinstance(inner, requests.RequestException):
            return printable(str(inner)) or type(inner).__name__
    return type(chain[-1]).__name__


def _plain_url(url: str, location: str) -> str:
    """Return where a redirect leads, without a password or a query."""
    try:
        parts = urlsplit(urljoin(url, location))
    except ValueError:
        return "no URL"
    return printable(f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}")
