"""A request to ``echo``, the provider it was sent to, and the reply."""

from __future__ import annotations

import hashlib
import itertools
import threading
from collections import OrderedDict
from typing import TYPE_CHECKING, Any, NamedTuple

from ...bounds import MAX_TALLIES
from ..formats import sse
from ..formats.common import encode
from ..provider import UnreachableError, UpstreamRequest
from .directives import Directives, directives, is_own_model
from .refusals import EchoError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from .kept_responses import KeptResponses
    from .storage import FileStore


class EchoReply(NamedTuple):
    """A reply.

    Attributes:
        chunks: the body; in a stream, each chunk is one event.
        error_event: the event with which a stream breaks; ``None`` if the reply is not a stream of events.
    """

    chunks: Sequence[bytes]
    media_type: str = "application/json"
    error_event: bytes | None = None


def as_json(value: Any) -> EchoReply:
    """Return a reply with a JSON value."""
    return EchoReply([encode(value)])


def as_events(events: Sequence[bytes], error_event: bytes) -> EchoReply:
    """Return a reply with a stream of events."""
    return EchoReply(events, f"{sse.MEDIA_TYPE}; charset=utf-8", error_event)


class CountedIds:
    """Makes ids from the request's bytes and a count: the same requests in the same order get the same ids.

    Args:
        process: the name of this process, if others must not make the same ids.
    """

    def __init__(self, process: str = "") -> None:
        self._process = process.encode()
        self._count = itertools.count(1)

    def __call__(self, prefix: str, content: bytes) -> str:
        """Return the next id."""
        return prefix + hashlib.sha256(b"%b%d:%b" % (self._process, next(self._count), content)).hexdigest()[:24]


class Tally:
    """Counts how often each request with ``times=`` has failed, of the latest ``MAX_TALLIES`` requests."""

    def __init__(self) -> None:
        self._seen: OrderedDict[bytes, int] = OrderedDict()
        self._lock = threading.Lock()

    def add(self, body: bytes) -> int:
        """Count a request, and return how often it has come, this time included."""
        digest = hashlib.sha256(body).digest()
        with self._lock:
            times = self._seen[digest] = self._seen.pop(digest, 0) + 1
            if len(self._seen) > MAX_TALLIES:
                self._seen.popitem(last=False)
            return times


class ProviderContext(NamedTuple):
    """The properties of the provider that its endpoints need."""

    dialect: str
    name: str
    models: Collection[str]
    files: FileStore
    new_id: Callable[[str, bytes], str]
    clock: Callable[[], float]
    tally: Tally
    kept: KeptResponses
    type: str

    @property
    def is_openai(self) -> bool:
        """Whether it is OpenAI itself; other providers do not have its limits."""
        return self.type in ("openai", "azure-openai")


class EchoRequest:
    """One request to an endpoint of ``echo``, and the directives in it."""

    def __init__(
        self,
        provider: ProviderContext,
        request: UpstreamRequest,
        arguments: Mapping[str, str],
        query: Mapping[str, str],
    ) -> None:
        self.provider = provider
        self.request = request
        self.arguments = arguments
        self.query = query
        self.directives: Directives = Directives()

    def new_id(self, prefix: str) -> str:
        """Return the next id."""
        return self.provider.new_id(prefix, self.request.body)

    def now(self) -> int:
        """Return the time, in whole seconds since 1970."""
        return int(self.provider.clock())

    def apply_directives(self, model: str, text: str) -> Directives:
        """Apply the directives in the model's name and the user's text.

        Raises:
            EchoError: a directive asks for a status, or 404: the provider has no such model.
            UnreachableError: a directive asks for it.
        """
        if model not in self.provider.models and not is_own_model(model):
            raise self._unknown(model)
        found = directives(model, text, self.provider.name)
        times = found.value("times")
        if times and found.fails and self.provider.tally.add(self.request.body) > int(times):
            found = Directives(found.flags & {"refuse", "request"}, ())
        self.directives = found
        if "unreachable" in found.flags:
            reason = f"{self.provider.name}: connection refused, as the request asked for"
            raise UnreachableError(reason, was_connected=False)
        if found.status:
            raise _asked_for(found)
        return found

    def _unknown(self, model: str) -> EchoError:
        if self.provider.dialect == "anthropic":
            return EchoError(404, f"model: {model}")
        if self.provider.dialect == "cohere":
            return EchoError(404, f"model '{model}' not found, make sure the correct model ID was used")
        message = f"The model `{model}` does not exist or you do not have access to it."
        return EchoError(404, message, code="model_not_found")


def _asked_for(found: Directives) -> EchoError:
    status = found.status or 500
    message = f"echo: status {status}, as the request asked for."
    return EchoError(status, message, code=found.value("code"), retry_after=found.value("retry-after"))
