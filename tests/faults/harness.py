"""Running one call of the public client against one fault, under a watchdog, and judging how it ended."""

from __future__ import annotations

import os
import pickle
import random
import socket
import threading
import time
import traceback
from contextlib import contextmanager, suppress
from functools import cache, partial
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from to11ai_sdk._http.exchange import monotonic
from to11ai_sdk._http.transport import Transport
from to11ai_sdk._http.urllib_exchange import UrllibExchange
from to11ai_sdk.behaviors import BehaviorStore
from to11ai_sdk.cache import PromptCache
from to11ai_sdk.client import To11aiClient
from to11ai_sdk.errors import MESSAGE_LIMIT, To11aiApiError, To11aiError, To11aiResponseValidationError

from .certificates import serving, trusting
from .server import HEALTHY, Script, ScriptedServer

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Iterator

    from to11ai_sdk._http.exchange import HttpAttempt, Reply

KEY = "to11_sk_N3verL3tThisB3Seen"
TIMEOUT_S = 0.3
"""Where nothing comes about before it has passed."""
PATIENCE_S = 30.0
"""Where something does, however busy the machine."""
EARLY_TIMEOUT_S = 0.1
"""What is left of an attempt once the server has done all that it will do."""
ENOUGH_S = 20.0
"""What any call may take; one that waits out the time of an attempt takes longer."""
RETRIES = 1
WATCHDOG_S = 70.0

_numbers = count(1)


class EarlyTimeoutExchange(UrllibExchange):
    """Ends each wait for a reply ``EARLY_TIMEOUT_S`` after a server has done all that it will do."""

    def __init__(self, ssl_context: ssl.SSLContext | None, server: ScriptedServer) -> None:
        super().__init__(ssl_context)
        self.server: ScriptedServer | None = server

    def __call__(self, attempt: HttpAttempt) -> Reply:
        if self.server:
            attempt.meanwhile = partial(self._end_early, attempt, self.server, attempt.meanwhile or bool)
        return super().__call__(attempt)

    def _end_early(self, attempt: HttpAttempt, server: ScriptedServer, work: Callable[[], object]) -> None:
        work()
        server.rests.acquire(timeout=PATIENCE_S)
        attempt.deadline = attempt.ends = monotonic() + EARLY_TIMEOUT_S


def impatient(
    base_url: str,
    *,
    ssl_context: ssl.SSLContext | None = None,
    times_out_with: ScriptedServer | None = None,
    timeout_s: float = PATIENCE_S,
    max_retries: int = RETRIES,
    sleep: Callable[[float], None] | None = None,
    ttl_s: float = 0,
) -> To11aiClient:
    """A client as ``create_client`` makes it, but whose waits between attempts are only written down.

    Args:
        base_url: of the server.
        ssl_context: whom it trusts.
        times_out_with: an attempt ends soon after this server has done all that it will do.
        timeout_s: how long an attempt may take.
        max_retries: how often a call may be tried again.
        sleep: what to do instead of waiting.
        ttl_s: how long a prompt is kept.
    """
    behaviors = BehaviorStore()
    transport = Transport(
        api_key=KEY,
        base_url=base_url,
        timeout_s=timeout_s,
        max_retries=max_retries,
        total_timeout_s=None,
        on_envelope=behaviors.absorb,
        exchange=EarlyTimeoutExchange(ssl_context, times_out_with) if times_out_with else UrllibExchange(ssl_context),
        sleep=sleep or (lambda seconds: None),
        jitter=lambda: 0.5,
    )
    cache = PromptCache(ttl_s=ttl_s, max_entries=100, stale_if_error_s=0)
    return To11aiClient(parts=lambda: (transport, cache), behaviors=behaviors)


def with_early_timeouts(client: To11aiClient, server: Any) -> EarlyTimeoutExchange:
    """The exchange of a client, with its connections, whose attempts end soon after a server is done."""
    exchange = EarlyTimeoutExchange(None, server)
    vars(exchange).update(vars(client._transport._exchange), server=server)
    return exchange


def get(client: To11aiClient, name: str) -> str:
    return client.prompts.get(project_id="p", prompt_id=name).id


def resolve(client: To11aiClient, name: str) -> str:
    return client.prompts.resolve(project_id="p", slug=name, labels=["prod"]).messages[0].content


def create(client: To11aiClient, name: str) -> str:
    return client.prompts.create(project_id="p", name=name, slug=name).name


CALLS: dict[str, Callable[[To11aiClient, str], str]] = {"get": get, "resolve": resolve, "create": create}


class Ending(NamedTuple):
    """How a call must end.

    Attributes:
        error: class of the exception; ``None`` when the call must return its own answer.
        words: what the message must say.
        attempts: how many requests the client makes for it.
        status: HTTP status of a :class:`To11aiApiError`.
        retry_after: seconds that the exception says to wait.
    """

    error: type[To11aiError] | None
    words: str
    attempts: int
    status: int | None = None
    retry_after: float | None = None


class Outcome(NamedTuple):
    """How a call did end, and what it left behind."""

    value: str | None
    error: BaseException | None
    elapsed_s: float
    slept: list[float]
    received: int
    leftovers: list[str]


def watched(work: Callable[[], Any]) -> Any:
    """What ``work`` returns, or raises; a failure if it does not end at all."""
    ended: list[Any] = []

    def run() -> None:
        try:
            ended.append((work(), None))
        except BaseException as exc:
            ended.append((None, exc))

    thread = threading.Thread(target=run, daemon=True, name="watched")
    thread.start()
    thread.join(WATCHDOG_S)
    if not ended:
        raise AssertionError(f"the call still hangs after {WATCHDOG_S} s")
    value, error = ended[0]
    if error is not None:
        raise error
    return value


def descriptors() -> set[str]:
    """The open files and sockets of this process."""
    found = set()
    for name in os.listdir("/proc/self/fd"):
        try:
            found.add(f"{name} -> {os.readlink(f'/proc/self/fd/{name}')}")
        except FileNotFoundError:  # the listing itself
            continue
    return found


@contextmanager
def deaf() -> Iterator[int]:
    """The port of a server whose queue is full: the kernel leaves everyone waiting."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        waiting = [socket.socket() for _ in range(4)]
        for sock in waiting:
            sock.setblocking(False)
            sock.connect_ex(listener.getsockname())
        time.sleep(0.05)
        yield listener.getsockname()[1]
        for sock in waiting:
            sock.close()


def knocking(port: int) -> int:
    """How many sockets of this machine wait to be let in at a port of the loopback."""
    entries = [line.split()[2:4] for line in Path("/proc/net/tcp").read_text().splitlines()]
    return entries.count([f"0100007F:{port:04X}", "02"])


def wait_until(condition: Callable[[], object]) -> None:
    """Wait for what must come about, however busy the machine."""
    ends = monotonic() + PATIENCE_S
    while not condition():
        assert monotonic() < ends, "it did not come about"
        time.sleep(0.01)


@contextmanager
def struck(strike: Callable[[], object], when: Callable[[], object]) -> Iterator[None]:
    """A block in which something is done as soon as a condition holds, and a moment has passed."""

    over = threading.Event()

    def watch() -> None:
        while not over.wait(0.01):
            if when():
                time.sleep(0.02)
                strike()
                break

    thread = threading.Thread(target=watch, name="striker")
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


@cache
def warm() -> None:
    """Make the first calls of this process: they import the models, which is not what the short times are for."""
    with (
        ScriptedServer(HEALTHY, tls=serving()) as server,
        impatient(server.url, ssl_context=trusting()) as client,
    ):
        for call in CALLS.values():
            call(client, "warm")


def run(
    call: str,
    scripts: tuple[Script, ...],
    *,
    tls: str = "",
    url: str = "",
    timeout_s: float = PATIENCE_S,
    early_timeouts: bool = False,
) -> Outcome:
    """Make one call against a server that follows the scripts, then another one when it is healthy again.

    Args:
        call: name of the call.
        scripts: what the server does.
        tls: the server's kind of TLS; ``"none"`` is plain HTTP where the client expects TLS.
        url: where to call instead, with nothing there.
        timeout_s: how long an attempt may take.
        early_timeouts: whether an attempt ends soon after the server has done all that it will do.
    """
    warm()
    before, threads = descriptors(), threading.active_count()
    name = f"name-{next(_numbers)}"
    slept: list[float] = []
    secure = serving(tls) if tls not in ("", "none") else None
    with (
        ScriptedServer(*scripts, tls=secure) as server,
        impatient(
            url or (server.https_url if tls else server.url),
            ssl_context=trusting() if tls else None,
            sleep=slept.append,
            timeout_s=timeout_s,
            times_out_with=server if early_timeouts else None,
        ) as client,
    ):
        started = time.monotonic()
        value, error, after = None, None, f"{name}-again"
        try:
            value = watched(lambda: CALLS[call](client, name))
        except BaseException as exc:
            error = exc
        elapsed_s = time.monotonic() - started
        received = len(server.requests)
        if not url:
            server.play(HEALTHY, tls=serving() if tls else None)
            after = watched(lambda: CALLS[call](without_early_timeouts(client, max(timeout_s, 3)), f"{name}-again"))
    leftovers = sorted(descriptors() - before)
    leftovers += [f"{threading.active_count() - threads} threads"] if threading.active_count() > threads else []
    assert after == f"{name}-again", f"the next call got {after!r} instead of its own answer"
    assert value in (None, name), f"the call got {value!r} instead of its own answer"
    return Outcome(value, error, elapsed_s, slept, received, leftovers)


def without_early_timeouts(client: To11aiClient, timeout_s: float = PATIENCE_S) -> To11aiClient:
    """The same client, with the same connections, whose attempts have all their time."""
    exchange = client._transport._exchange
    if isinstance(exchange, EarlyTimeoutExchange):
        exchange.server = None
    return client.with_options(timeout_s=timeout_s)


def judge(outcome: Outcome, ending: Ending, *, received: int | None) -> None:
    """Fail unless the call ended as it must."""
    error = outcome.error
    if ending.error is None:
        assert error is None, f"it must return its answer, but: {error!r}"
        attempts = len(outcome.slept) + 1
    else:
        assert type(error) is ending.error, f"it must raise {ending.error.__name__}, not {error!r} / {outcome.value!r}"
        attempts = error.attempts
        _judge_error(error, ending)
    assert attempts == ending.attempts, f"{attempts} attempts instead of {ending.attempts}: {error!r}"
    expected = ending.attempts if received is None else received
    assert outcome.received == expected, f"the server got {outcome.received} requests instead of {expected}"
    assert outcome.elapsed_s < ENOUGH_S, f"it took {outcome.elapsed_s:.2f} s"
    assert not outcome.leftovers, f"left over: {outcome.leftovers}"


def _judge_error(error: To11aiError, ending: Ending) -> None:
    message = str(error)
    assert ending.words in message, f"the message must say {ending.words!r}: {message!r}"
    assert len("HTTP 422: ") < len(message) <= MESSAGE_LIMIT, f"too short or too long: {message!r}"
    if isinstance(error, To11aiApiError):
        assert error.status_code == ending.status
        assert message.startswith(f"HTTP {ending.status}"), message
        assert error.retry_after_seconds == ending.retry_after
    if isinstance(error, To11aiResponseValidationError):
        assert message.startswith("HTTP 2"), message
    assert error.endpoint.startswith("/v1/")
    assert error.elapsed_s >= 0
    assert exposed(error) == [], "the key is in it"
    pickle.loads(pickle.dumps(error))


def exposed(error: BaseException, length: int = 10) -> list[str]:
    """Where so long a piece of the key shows in an exception, its attributes, its pickle or its traceback's text."""
    pieces = {KEY[start : start + length] for start in range(len(KEY) - length + 1)}
    views = {
        "message": str(error),
        "repr": repr(error),
        "attributes": repr(vars(error)),
        "pickle": pickle.dumps(error).decode("latin-1"),
        "traceback": "".join(traceback.format_exception_only(type(error), error)) + _causes(error),
    }
    return [view for view, text in views.items() if any(piece in text for piece in pieces)]


def _causes(error: BaseException) -> str:
    text, link = "", error
    while (link := link.__cause__ or (None if link.__suppress_context__ else link.__context__)) is not None:  # type: ignore[assignment]
        text += "".join(traceback.format_exception_only(type(link), link)) + repr(link)
    return text


def closed_port() -> int:
    """A port of the loopback that nothing listens on, and that the system gives to nobody who asks for any."""
    while True:
        port = random.randrange(10_000, 32_000)
        with suppress(OSError), socket.socket() as sock:
            sock.bind(("127.0.0.1", port))
            return port
