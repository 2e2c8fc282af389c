"""What can go wrong with the shared cache, one row each: no call fails, and none waits for it twice.

Each fault meets ``resolve`` and ``archive`` of a client whose API is in order. A row passes if three calls in a row
give their own answers with one request each, one of them at most waits for the store, the log has at most one warning,
and neither the key nor the store's password shows in it.
"""

from __future__ import annotations

import asyncio
import atexit
import logging
import re
import threading
import time
from contextlib import ExitStack, contextmanager
from functools import cache, partial
from typing import TYPE_CHECKING, Any, NamedTuple

import redis

from to11ai_sdk import create_client

from .harness import ENOUGH_S, KEY, PATIENCE_S, Outcome, closed_port, resolve
from .server import HEALTHY, HOLD, RESET, Endless, ScriptedServer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from to11ai_sdk import To11aiClient

PASSWORD = "Correct-Horse-9"
SLOW_S = 0.05
FAMILY = "the shared cache"
RESOLVE = ("resolve",)


@cache
def redis_port(*options: str) -> int:
    """The port of a real server with these options, which runs until the tests end."""
    from services.redis import running_redis

    stack = ExitStack()
    atexit.register(stack.close)
    return stack.enter_context(running_redis(*options)).port


def connected(port: int, **options: Any) -> redis.Redis:
    # Its own retries only take time.
    return redis.Redis(port=port, retry=None, **options)


class Watched:
    """A store, and the calls of it."""

    def __init__(self, store: Any) -> None:
        self.store = store
        self.calls: list[tuple[str, str]] = []
        if hasattr(store, "delete"):
            self.delete = partial(self._pass_on, "delete")

    def _pass_on(self, method: str, name: str, *args: Any, **options: Any) -> Any:
        self.calls.append((method, name))
        return getattr(self.store, method)(name, *args, **options)

    def get(self, name: str) -> Any:
        return self._pass_on("get", name)

    def set(self, name: str, value: str, **options: Any) -> Any:
        return self._pass_on("set", name, value, **options)


class Memory:
    """A store of this process; ``spoil`` changes what is read."""

    def __init__(self, spoil: Callable[[Any], Any] = lambda value: value) -> None:
        self.kept: dict[str, Any] = {}
        self.spoil = spoil

    def get(self, name: str) -> Any:
        found = self.kept.get(name)
        return None if found is None else self.spoil(found)

    def set(self, name: str, value: str, *, ex: int, nx: bool = False) -> Any:
        if nx and name in self.kept:
            return None
        self.kept[name] = value
        return True

    def delete(self, name: str) -> Any:
        self.kept.pop(name, None)


class Raising:
    """A store that raises an error, in one of its methods or in all; ``lock`` is ``set`` with ``nx``."""

    def __init__(self, error: Any, method: str = "") -> None:
        self.error, self.method, self.memory = error, method, Memory()

    def _do(self, method: str, call: Any, *args: Any, **options: Any) -> Any:
        if self.method in ("", method):
            raise self.error
        return call(*args, **options)

    def get(self, name: str) -> Any:
        return self._do("get", self.memory.get, name)

    def set(self, name: str, value: str, **options: Any) -> Any:
        return self._do("lock" if "nx" in options else "set", self.memory.set, name, value, **options)

    def delete(self, name: str) -> Any:
        return self._do("delete", self.memory.delete, name)


class Fault(NamedTuple):
    """One fault of the shared cache.

    Attributes:
        name: what it does.
        store: a client of a store that does it.
        down: whether it must be left alone after the first call.
        spoil: done to the store between two clients, so that the second finds what is wrong.
        calls: the calls that meet it.
    """

    name: str
    store: Callable[[ExitStack], Any]
    down: bool
    spoil: Callable[[Any], None] | None = None
    calls: tuple[str, ...] = ("resolve", "archive")
    family: str = FAMILY


class Row(NamedTuple):
    """One fault for one call."""

    fault: Fault
    call: str

    @property
    def name(self) -> str:
        return f"{FAMILY}: {self.fault.name} [{self.call}]"

    @property
    def slug(self) -> str:
        return re.sub(r"\W+", "-", f"{self.fault.name} {self.call}")

    def run(self) -> Outcome:
        """Let the fault happen to three calls of a new client."""
        with ExitStack() as stack:
            server = stack.enter_context(ScriptedServer(HEALTHY))
            store = Watched(self.fault.store(stack))
            slug = self.slug
            if self.fault.spoil:
                with client_of(server, store, PATIENCE_S) as first:
                    CALLS["resolve"](first, slug)
                self.fault.spoil(store)
                server.requests.clear()
            # Only where nothing else ends a wait must the wait be short.
            timeout_s = SLOW_S if "hang" in self.fault.name or "byte" in self.fault.name else PATIENCE_S
            client = stack.enter_context(client_of(server, store, timeout_s))
            return self._three_calls(client, server, store, slug)

    def _three_calls(self, client: To11aiClient, server: ScriptedServer, store: Watched, slug: str) -> Outcome:
        values, error, leftovers = [], None, []
        started = time.monotonic()
        with logged() as lines:
            try:
                values.append(CALLS[self.call](client, slug))
                calls = len(store.calls)
                values += [CALLS[self.call](client, f"{slug}-{number}") for number in (2, 3)]
            except BaseException as exc:
                error, calls = exc, -1
        if self.fault.down and len(store.calls) != calls:
            leftovers.append(f"called again at once: {store.calls[calls:]}")
        if len(lines) != self.fault.down or any(word in line for line in lines for word in (KEY[8:], PASSWORD)):
            leftovers.append(f"logged {lines}")
        value = values[0] if values == [slug, f"{slug}-2", f"{slug}-3"] else repr(values)
        return Outcome(value, error, time.monotonic() - started, [], len(server.requests), leftovers)

    def judge(self, outcome: Outcome) -> None:
        """Fail unless each call had its own answer, of the API, and left nothing behind."""
        assert outcome.error is None, f"it must return its answer, but: {outcome.error!r}"
        assert outcome.value == self.slug, f"not its own answers: {outcome.value}"
        assert outcome.received == 3, f"the server got {outcome.received} requests instead of 3"
        assert outcome.elapsed_s < ENOUGH_S, f"it took {outcome.elapsed_s:.2f} s"
        assert not outcome.leftovers, f"left over: {outcome.leftovers}"


def archive(client: To11aiClient, name: str) -> str:
    return client.prompts.archive(project_id="p", prompt_id=name).id


CALLS: dict[str, Callable[[To11aiClient, str], str]] = {"resolve": resolve, "archive": archive}


def client_of(server: ScriptedServer, store: Any, timeout_s: float) -> To11aiClient:
    return create_client(api_key=KEY, base_url=server.url, shared_cache=store, shared_cache_timeout_s=timeout_s)


@contextmanager
def logged() -> Iterator[list[str]]:
    """The warnings of the SDK."""
    lines: list[str] = []
    handler = logging.Handler(logging.WARNING)
    handler.emit = lambda record: lines.append(record.getMessage())  # type: ignore[method-assign]
    logger = logging.getLogger("to11ai_sdk")
    logger.addHandler(handler)
    try:
        yield lines
    finally:
        logger.removeHandler(handler)


def hanging(stack: ExitStack) -> Any:
    """What waits until the test is over."""
    over = threading.Event()
    stack.callback(over.set)
    return lambda *args, **options: over.wait(PATIENCE_S)


class Hanging(Memory):
    """Hangs in one of its methods, or in the lock."""

    def __init__(self, method: str, wait: Any) -> None:
        super().__init__()
        if method == "lock":
            self.lock = wait
        else:
            setattr(self, method, wait)

    def set(self, name: str, value: str, *, ex: int, nx: bool = False) -> Any:
        if nx and hasattr(self, "lock"):
            self.lock()
        return super().set(name, value, ex=ex, nx=nx)


def playing(*script: Any) -> Callable[[ExitStack], Any]:
    """A client of redis-py, connected to a server that plays a script."""
    return lambda stack: connected(stack.enter_context(ScriptedServer(script)).port)


def spoiled(change: Callable[[str, list[str]], Any]) -> Callable[[Any], None]:
    """Change each value that is kept in a real server; the second argument is all values."""

    def spoil(watched: Watched) -> None:
        store = watched.store
        names = [name for name in dict.fromkeys(name for _, name in watched.calls) if store.exists(name)]
        values = [store.get(name) for name in names]
        assert values, "nothing was kept"
        for name, value in zip(names, values, strict=True):
            store.set(name, change(value.decode(), values))

    return spoil


def as_list(watched: Watched) -> None:
    for name in dict.fromkeys(name for _, name in watched.calls):
        if watched.store.delete(name):
            watched.store.rpush(name, "x")


def unreachable() -> Iterator[Fault]:
    yield Fault("refused", lambda stack: connected(closed_port()), True)
    yield Fault(
        "refused, with a password",
        lambda stack: redis.from_url(f"redis://:{PASSWORD}@127.0.0.1:{closed_port()}", retry=None),
        True,
    )
    yield Fault("accepts and hangs", playing(HOLD), True)
    yield Fault("closes at once", playing(), True)
    yield Fault("resets at once", playing(RESET), True)
    yield Fault("slow, a byte every 10 ms", playing(Endless(b"$", 0.01)), True)
    yield Fault("speaks something else, then hangs", playing(b"HTTP/1.1 400 Bad Request\r\n\r\n", HOLD), True)
    yield Fault("cut inside a reply", playing(b"$100\r\nabc"), True)
    for words in (
        "MOVED 3999 127.0.0.1:1",
        "ASK 3999 127.0.0.1:1",
        "CLUSTERDOWN The cluster is down",
        "LOADING Redis is loading the dataset in memory",
        "MASTERDOWN Link with MASTER is down",
        "NOAUTH Authentication required.",
        "NOPERM this user has no permissions",
    ):
        yield Fault(f"answers {words.split()[0]}", playing(f"-{words}\r\n".encode() * 50, HOLD), True)
    for method in ("get", "lock", "set"):
        yield Fault(
            f"hangs in {method}", lambda stack, method=method: Hanging(method, hanging(stack)), True, None, RESOLVE
        )


def servers() -> Iterator[Fault]:
    yield Fault("wants a password", lambda stack: connected(redis_port("--requirepass", PASSWORD)), True)
    wrong = lambda stack: connected(redis_port("--requirepass", PASSWORD), password=f"{PASSWORD}x")  # noqa: E731
    yield Fault("wrong password", wrong, True)
    replica = ("--replicaof", "127.0.0.1", "1", "--replica-read-only", "yes")
    yield Fault("a read-only replica", lambda stack: connected(redis_port(*replica)), True)
    full = ("--maxmemory", "1", "--maxmemory-policy", "noeviction")
    yield Fault("out of memory", lambda stack: connected(redis_port(*full)), True)
    cluster = ("--cluster-enabled", "yes")
    yield Fault("a cluster without slots", lambda stack: connected(redis_port(*cluster)), True)
    yield Fault("a database that is not there", lambda stack: connected(redis_port(), db=999), True)
    yield Fault("evicts everything", lambda stack: Forgetful(), False)
    yield Fault("a list under each name (WRONGTYPE)", lambda stack: connected(redis_port()), True, as_list, RESOLVE)


class Forgetful(Memory):
    """Keeps nothing."""

    def set(self, name: str, value: str, *, ex: int, nx: bool = False) -> Any:
        return True


def values() -> Iterator[Fault]:
    for name, change in {
        "empty values": lambda value, values: "",
        "truncated values": lambda value, values: value[:-9],
        "values cut to the signature": lambda value, values: value[:80],
        "values with a byte changed": lambda value, values: value.replace("rendered", "rendereD", 1),
        "values with more after them": lambda value, values: value + " ",
        "values of another format": lambda value, values: value.replace('"v":1', '"v":2', 1),
        "values without a signature": lambda value, values: '{"v":1' + value[value.index('",') + 1 :],
        "values of another prompt": lambda value, values: other_value(),
        "values of another tenant": lambda value, values: other_value("to11_sk_another-tenant"),
        "values that are not JSON": lambda value, values: "\x00\x01",
        "values that are JSON, but no object": lambda value, values: "[[1]]",
        "values nested 100,000 deep": lambda value, values: "[" * 100_000,
        "values that are not UTF-8": lambda value, values: b"\xff\xfe" * 50,
        "values of 2 MB": lambda value, values: value + "x" * 2_000_000,
        "values that are numbers": lambda value, values: 12345,
    }.items():
        yield Fault(name, lambda stack: connected(redis_port()), False, spoiled(change), RESOLVE)


@cache
def other_value(key: str = KEY) -> str:
    """What a client with this key keeps for some other prompt."""
    store = Memory()
    with (
        ScriptedServer(HEALTHY) as server,
        create_client(
            api_key=key, base_url=server.url, shared_cache=store, shared_cache_timeout_s=PATIENCE_S
        ) as client,
    ):
        resolve(client, "other")
    return next(value for value in store.kept.values() if "rendered" in value)


class Hostile:
    """An object that raises whatever is done to it."""

    def __getattribute__(self, name: str) -> Any:
        raise RuntimeError("hostile")


def objects() -> Iterator[Fault]:
    for error in (
        OSError("down"), TimeoutError("late"), RuntimeError("broken"), KeyError("name"), TypeError("no"),
        ValueError("no"), RecursionError("deep"), MemoryError(), StopIteration(), AssertionError(), ImportError("no"),
        UnicodeDecodeError("utf-8", b"\xff", 0, 1, "no"), Exception(), redis.RedisError(PASSWORD),
        redis.ReadOnlyError("no"), BrokenPipeError(), SystemExit(1), KeyboardInterrupt(), GeneratorExit(),
        asyncio.CancelledError(),
    ):  # fmt: skip
        yield Fault(f"raises {type(error).__name__}", lambda stack, error=error: Raising(error), True)
    for method in ("get", "lock", "set", "delete"):
        calls = ("archive", "resolve") if method == "set" else RESOLVE
        yield Fault(f"raises in {method}", lambda stack, m=method: Raising(OSError("down"), m), True, None, calls)
    yield Fault("an asynchronous client", lambda stack: Asynchronous(), True)
    for name, value in {
        "a memoryview": memoryview(b"x"), "a bytearray": bytearray(b"x"), "an int": 1, "a bool": True, "a list": ["x"],
        "a dict": {"v": 1}, "itself": Memory, "a float": 0.5, "a text": "x",
    }.items():  # fmt: skip
        yield Fault(f"gives {name}", lambda stack, value=value: Memory(lambda _: value), False)
    yield Fault("gives a hostile object", lambda stack: Always(Hostile()), True, None, RESOLVE)


class Always(Memory):
    """Gives one value for all names."""

    def __init__(self, value: Any) -> None:
        super().__init__()
        self.value = value

    def get(self, name: str) -> Any:
        return self.value


class Asynchronous:
    """As ``redis.asyncio.Redis``."""

    async def get(self, name: str) -> Any: ...

    async def set(self, name: str, value: str, **options: Any) -> Any: ...


def rows() -> Iterator[Row]:
    """The rows of this part of the catalogue."""
    for part in (unreachable, servers, values, objects):
        for fault in part():
            yield from (Row(fault, call) for call in fault.calls)
