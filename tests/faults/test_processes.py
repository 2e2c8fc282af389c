"""Threads, forks, pools, signals, exits: what the process itself may do to a client."""

from __future__ import annotations

import gc
import os
import random
import signal
import ssl
import subprocess
import sys
import threading
import time
import warnings
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context
from typing import TYPE_CHECKING

import pytest

from to11ai_sdk import create_client
from to11ai_sdk._http import process_safety
from to11ai_sdk.errors import To11aiNetworkError

from .apart import server_apart
from .certificates import authority, serving, trusting
from .harness import KEY, PATIENCE_S, WATCHDOG_S, create, descriptors, get, impatient, resolve, struck, wait_until
from .server import HEALTHY, HOLD, KEEP, READ, RESET, Received, Script, ScriptedServer, good

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from to11ai_sdk.client import To11aiClient

pytestmark = pytest.mark.usefixtures("measured")

CALLS = (get, resolve)


def interrupt() -> None:
    os.kill(os.getpid(), signal.SIGINT)


@pytest.fixture(params=["HTTP", "HTTPS"])
def tls(request: pytest.FixtureRequest) -> bool:
    return bool(request.param == "HTTPS")


@pytest.fixture
def pair(tls: bool) -> Iterator[tuple[ScriptedServer, To11aiClient]]:
    with (
        ScriptedServer(HEALTHY, tls=serving() if tls else None) as server,
        impatient(server.url, ssl_context=trusting() if tls else None, max_retries=5) as client,
    ):
        yield server, client


@pytest.fixture
def alone(tls: bool, tmp_path: Path) -> Iterator[To11aiClient]:
    """A client in a process without its server."""
    certificate = tmp_path / "authority.pem" if tls else None
    with server_apart(certificate) as url:
        context = ssl.create_default_context(cafile=certificate) if tls else None
        with impatient(url, ssl_context=context, max_retries=5) as client:
            yield client


def moody(seed: int) -> list[Script]:
    """Connections of which many drop, at some place, after some replies."""
    chance = random.Random(seed)
    bad: list[Script] = [
        (READ,),
        (READ, RESET),
        (READ, good),
        (READ, b"HTTP/1.1 200"),
        (READ, lambda request: good(request)[:-5]),
        (b"",),
    ]
    return [chance.choice([HEALTHY, (READ, good, KEEP), *bad]) for _ in range(400)] + [HEALTHY]


def test_32_threads_share_a_client_while_connections_drop(tls: bool) -> None:
    before, threads = descriptors(), threading.active_count()
    wrong: list[object] = []

    def work(client: To11aiClient, worker: int) -> None:
        for number in range(12):
            name = f"n{worker}-{number}"
            try:
                if (got := CALLS[number % 2](client, name)) != name:
                    wrong.append((name, got))
            except To11aiNetworkError:
                pass  # the retry budget of all threads together may be used up
            except BaseException as exc:
                wrong.append(exc)

    with (
        ScriptedServer(*moody(7), tls=serving() if tls else None) as server,
        impatient(server.url, ssl_context=trusting() if tls else None, max_retries=8) as client,
    ):
        workers = [threading.Thread(target=work, args=(client, number)) for number in range(32)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join(WATCHDOG_S)
        assert wrong == []
        server.play(HEALTHY)
        assert get(client, "after") == "after"
    gc.collect()
    assert descriptors() - before == set()
    assert threading.active_count() <= threads


def test_64_threads_that_want_one_prompt_make_one_request() -> None:
    with ScriptedServer((READ, 0.2, good, KEEP)) as server, impatient(server.url, ttl_s=60) as client:
        with ThreadPoolExecutor(64) as pool:
            got = [*pool.map(lambda _: resolve(client, "a"), range(64))]
        assert got == ["a"] * 64
        assert len(server.requests) == 1


def in_child(work: Callable[[], object]) -> int:
    """Fork, work in the child, and return its exit status; 99 if it hangs."""
    with warnings.catch_warnings():
        # That forking beside threads is dangerous is what is tested here.
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
    if child == 0:
        status = 1
        try:
            work()
            status = 0
        finally:
            os._exit(status)
    ends = time.monotonic() + WATCHDOG_S
    while time.monotonic() < ends:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.005)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return 99


def expect(call: Callable[[To11aiClient, str], str], client: To11aiClient, name: str) -> None:
    assert call(client, name) == name


def test_a_forked_child_opens_its_own_connections(pair: tuple[ScriptedServer, To11aiClient]) -> None:
    server, client = pair
    expect(get, client, "parent")
    for number in range(3):
        assert in_child(lambda number=number: expect(get, client, f"child{number}")) == 0  # type: ignore[misc]
    expect(get, client, "again")
    used = {request.target.rpartition("/")[2]: request.connection for request in server.requests}
    assert used["parent"] == used["again"] == 0
    assert len({used[f"child{number}"] for number in range(3)} - {0}) == 3


def test_a_child_that_closes_the_client_leaves_the_connections_of_the_parent_alone(
    pair: tuple[ScriptedServer, To11aiClient],
) -> None:
    server, client = pair
    expect(get, client, "parent")
    assert in_child(client.close) == 0
    expect(get, client, "again")
    assert [request.connection for request in server.requests] == [0, 0]


def test_a_fork_in_the_middle_of_a_call_of_another_thread(tls: bool) -> None:
    asked, forked = threading.Event(), threading.Event()

    def held(request: Received) -> bytes:
        asked.set()
        forked.wait(WATCHDOG_S)
        return good(request)

    with (
        ScriptedServer((READ, held, KEEP), HEALTHY, tls=serving() if tls else None) as server,
        impatient(server.url, ssl_context=trusting() if tls else None, ttl_s=60) as client,
    ):
        got: list[str] = []
        caller = threading.Thread(target=lambda: got.append(resolve(client, "same")))
        caller.start()
        assert asked.wait(PATIENCE_S)
        # The first call of the parent holds what a first call holds, and is the one flight of its prompt.
        assert in_child(lambda: expect(resolve, client, "same")) == 0
        forked.set()
        caller.join(PATIENCE_S)
        assert got == ["same"]
        expect(resolve, client, "same")
        assert len(server.requests) == 2


def test_a_fork_while_another_thread_reads_the_trust_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    reading = threading.Event()

    def slow() -> ssl.SSLContext:
        reading.set()
        time.sleep(0.3)
        return contexts.pop()

    with server_apart(tmp_path / "authority.pem") as url, impatient(url) as client:
        contexts = [ssl.create_default_context(cafile=tmp_path / "authority.pem")]
        monkeypatch.setattr(ssl, "create_default_context", slow)
        caller = threading.Thread(target=get, args=(client, "parent"))
        caller.start()
        assert reading.wait(PATIENCE_S)
        assert in_child(lambda: expect(get, client, "child")) == 0
        caller.join()


FIRST_IMPORTS = ["to11ai_sdk._http.network_errors", "to11ai_sdk.models", "pydantic", "to11ai_sdk.models.prompts"]


@pytest.mark.parametrize("module", FIRST_IMPORTS)
def test_a_fork_while_the_first_call_of_another_thread_imports(module: str) -> None:
    code = f"""
import os, signal, sys, threading, time
from to11ai_sdk import create_client
client = create_client(api_key={KEY!r}, base_url=sys.argv[1])
def call(): return client.prompts.get(project_id="p", prompt_id="a")
importing = threading.Event()
class Slow:
    def find_spec(self, name, *rest):
        if name == {module!r}:
            importing.set()
            time.sleep(0.2)
sys.meta_path.insert(0, Slow())
caller = threading.Thread(target=call)
caller.start()
assert importing.wait({PATIENCE_S})
child = os.fork()
signal.alarm({WATCHDOG_S:.0f})
call()
if child:
    caller.join()
    sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""
    with ScriptedServer(HEALTHY) as server:
        command = [sys.executable, "-W", "ignore", "-c", code, server.url]
        done = subprocess.run(command, capture_output=True, text=True, timeout=100)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_a_fork_in_the_making_of_an_attribute_leaves_no_lock_behind() -> None:
    making, go_on = threading.Event(), threading.Event()

    class Row:
        def __init__(self, pause: Callable[[], object]) -> None:
            self.pause = pause

        @process_safety.lazy
        def value(self) -> str:
            self.pause()
            return "made"

    def pause() -> None:
        making.set()
        go_on.wait(WATCHDOG_S)

    maker = threading.Thread(target=lambda: Row(pause).value)
    maker.start()
    assert making.wait(PATIENCE_S)
    assert in_child(lambda: Row(lambda: None).value) == 0
    go_on.set()
    maker.join()


def test_what_a_fork_copied_is_not_used_under_another_process_id(
    pair: tuple[ScriptedServer, To11aiClient], monkeypatch: pytest.MonkeyPatch
) -> None:
    server, client = pair
    expect(get, client, "before")
    monkeypatch.setattr(os, "getpid", lambda: 1)
    expect(get, client, "child")
    monkeypatch.undo()
    expect(get, client, "parent")
    assert [request.connection for request in server.requests] == [0, 1, 2]


def test_a_first_call_imports_nothing_that_a_fork_does_not_wait_for(pair: tuple[ScriptedServer, To11aiClient]) -> None:
    code = f"""
import ssl, sys
from to11ai_sdk import create_client
from to11ai_sdk._http import process_safety
context = ssl.create_default_context(cadata=sys.argv[2]) if sys.argv[2] else None
client = create_client(api_key={KEY!r}, base_url=sys.argv[1], ssl_context=context)
class Looking:
    def find_spec(self, name, *rest):
        if not (process_safety.importing.lock._is_owned() or process_safety.in_openssl.lock._is_owned()):
            print(name)
sys.meta_path.insert(0, Looking())
client.prompts.get(project_id="p", prompt_id="a")
client.prompts.resolve(project_id="p", slug="a", labels=["l"])
client.prompts.create(project_id="p", slug="a", name="a")
"""
    server, _ = pair
    trusted = authority().cert_pem.bytes().decode() if server.url.startswith("https") else ""
    command = [sys.executable, "-W", "ignore", "-c", code, server.url, trusted]
    done = subprocess.run(command, capture_output=True, text=True, timeout=100)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_a_fork_does_not_wait_for_ever(
    monkeypatch: pytest.MonkeyPatch, pair: tuple[ScriptedServer, To11aiClient]
) -> None:
    _, client = pair
    expect(get, client, "before")
    monkeypatch.setattr(process_safety, "FORK_WAIT_S", 0.1)
    held, done = threading.Event(), threading.Event()

    def work() -> None:
        with process_safety.importing.lock, process_safety.in_openssl.lock:
            held.set()
            done.wait(WATCHDOG_S)

    worker = threading.Thread(target=work)
    worker.start()
    assert held.wait(PATIENCE_S)
    client.close()
    try:
        assert in_child(lambda: expect(get, client, "child")) == 0
    finally:
        done.set()
        worker.join()
    expect(get, client, "after")


def test_a_child_of_a_fork_that_did_not_wait_makes_the_lock_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    # What the hooks do in the child, done in this process, where it can be seen.
    monkeypatch.delattr(os, "register_at_fork")
    monkeypatch.setattr(process_safety, "FORK_WAIT_S", 0.01)
    guard = process_safety.ForkSafeLock()
    lock = guard.lock
    with ThreadPoolExecutor(1) as other:
        other.submit(lock.acquire).result()
        guard._before()
        guard._after_in_child()
        with guard.lock:
            assert guard.lock is not lock
        other.submit(lock.release).result()


def test_a_fork_inside_of_what_forks_wait_for(pair: tuple[ScriptedServer, To11aiClient]) -> None:
    _, client = pair
    with process_safety.importing.lock, process_safety.in_openssl.lock:
        assert in_child(lambda: expect(get, client, "child")) == 0
    expect(get, client, "after")


def test_a_fork_while_another_thread_changes_the_cache(pair: tuple[ScriptedServer, To11aiClient]) -> None:
    _, client = pair
    expect(resolve, client, "a")
    with client._cache._lock:
        assert in_child(lambda: client._cache.forget("p", "a")) == 0


def test_a_fork_at_any_moment_of_busy_threads(alone: To11aiClient) -> None:
    client, stop, wrong = alone, threading.Event(), []

    def busy(worker: int) -> None:
        # A tracer has locks, too: coverage's would be held for ever in the child.
        sys.settrace(None)
        for number in range(10**6):
            if stop.is_set():
                return
            name = f"w{worker}-{number}"
            if get(client, name) != name:
                wrong.append(name)

    workers = [threading.Thread(target=busy, args=(number,)) for number in range(4)]
    for worker in workers:
        worker.start()
    try:
        statuses = [in_child(lambda number=n: expect(get, client, f"child{number}")) for n in range(15)]  # type: ignore[misc]
    finally:
        stop.set()
        for worker in workers:
            worker.join()
    assert statuses == [0] * 15
    assert wrong == []


_shared: To11aiClient | None = None


def _in_pool(name: str) -> str:
    assert _shared is not None
    return get(_shared, name)


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_client_made_before_a_process_pool_serves_in_its_workers(alone: To11aiClient) -> None:
    global _shared
    _shared = alone
    assert _in_pool("parent") == "parent"
    names = [f"n{number}" for number in range(20)]
    with ProcessPoolExecutor(3, mp_context=get_context("fork")) as pool:
        assert [*pool.map(_in_pool, names)] == names
    assert _in_pool("after") == "after"


def test_an_unclosed_client_is_collected_with_its_connections(pair: tuple[ScriptedServer, To11aiClient]) -> None:
    server, _ = pair
    before = descriptors()
    client = impatient(server.url, ssl_context=trusting())
    expect(get, client, "a")
    assert descriptors() - before
    gc.collect()  # what other tests left
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        del client
        gc.collect()
    assert caught == []
    wait_until(lambda: not descriptors() - before)


EXITS = {
    "an unclosed client": "",
    "an unclosed client in a cycle": "client.me = client",
    "a client kept by a module": "import to11ai_sdk; to11ai_sdk.kept = client",
    "a call at exit": "import atexit; atexit.register(call, 1)",
    "a daemon thread in a call": (
        "import threading, time; threading.Thread(target=lambda: [call(n) for n in range(10**6)], daemon=True).start()"
        "; time.sleep(0.1)"
    ),
    "sys.exit in a with block": "\nwith client: raise SystemExit(0)",
}


@pytest.mark.parametrize("exit_", EXITS)
def test_the_interpreter_exits_in_silence(exit_: str) -> None:
    code = f"""
import to11ai_sdk
client = to11ai_sdk.create_client(api_key={KEY!r}, base_url=__import__("sys").argv[1])
def call(n): return client.prompts.get(project_id="p", prompt_id=str(n))
call(0)
{EXITS[exit_]}
"""
    with ScriptedServer(HEALTHY) as server:
        done = subprocess.run(
            [sys.executable, "-W", "always", "-X", "dev", "-c", code, server.url],
            capture_output=True, text=True, timeout=100,
        )  # fmt: skip
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


MOMENTS: dict[str, Script] = {
    "before the reply": (READ, HOLD),
    "inside the headers": (READ, b"HTTP/1.1 200 OK\r\nContent-", HOLD),
    "inside the body": (READ, lambda request: good(request)[:-5], HOLD),
    "at the handshake": (HOLD,),
}


@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize("call", [get, resolve, create])
def test_an_interrupt_inside_a_call_leaves_the_client_sane(
    call: Callable[[To11aiClient, str], str], moment: str, tls: bool
) -> None:
    before = descriptors()
    with (
        ScriptedServer(HEALTHY, tls=serving() if tls else None) as server,
        impatient(server.url, ssl_context=trusting() if tls else None, ttl_s=60) as client,
    ):
        expect(get, client, "before")
        server.play(MOMENTS[moment])
        if moment == "at the handshake":
            client.close()
        assert server.rests.acquire(timeout=PATIENCE_S)
        with struck(interrupt, lambda: server.rests.acquire(blocking=False)), pytest.raises(KeyboardInterrupt):
            call(client, "cut")
        server.play(HEALTHY)
        # The same prompt again: its flight must not wait for the one that was cut.
        expect(call, client, "cut")
        expect(get, client, "after")
    gc.collect()
    assert descriptors() - before == set()


def test_an_interrupted_caller_does_not_fail_those_who_wait_for_it() -> None:
    with ScriptedServer((READ, HOLD), HEALTHY) as server, impatient(server.url, ttl_s=60) as client:
        got: list[str] = []
        waiter = threading.Thread(target=lambda: got.append(resolve(client, "same")))

        def others_wait() -> bool:
            assert server.rests.acquire(timeout=PATIENCE_S)
            waiter.start()
            time.sleep(0.1)
            return True

        with struck(interrupt, others_wait), pytest.raises(KeyboardInterrupt):
            resolve(client, "same")
        waiter.join(PATIENCE_S)
        assert got == ["same"]


def test_a_closed_client_in_use_by_threads_goes_on(pair: tuple[ScriptedServer, To11aiClient]) -> None:
    _, client = pair
    wrong: list[object] = []

    def work(worker: int) -> None:
        for number in range(30):
            name = f"n{worker}-{number}"
            try:
                if get(client, name) != name:
                    wrong.append(name)
                client.close()
            except BaseException as exc:
                wrong.append(exc)

    workers = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert wrong == []


def test_a_client_made_by_create_client_needs_no_closing_to_work_again() -> None:
    with ScriptedServer(HEALTHY) as server:
        client = create_client(api_key=KEY, base_url=server.url)
        for name in ("a", "b"):
            with client:
                expect(get, client, name)
