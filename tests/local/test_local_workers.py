"""Several processes on one store, and how one ends: real processes, real signals."""

from __future__ import annotations

import gc
import http.client
import json
import os
import selectors
import signal
import subprocess
import sys
import time
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import psutil
import pytest
from bound import SNAPSHOT
from collector import Collector, known

from to11ai_sdk import create_client
from to11ai_sdk.local import LocalTo11, bounds
from to11ai_sdk.local.gateway.config.gateway_config import GatewayConfig
from to11ai_sdk.local.processes.crew import Crew
from to11ai_sdk.local.processes.plan import ServingPlan, WorkersError
from to11ai_sdk.local.serve import serve

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from contextlib import AbstractContextManager
    from pathlib import Path

    from to11ai_sdk import To11aiClient

WAIT_S = 60.0
CHAT = {"model": "echo::echo", "messages": [{"role": "user", "content": "hello"}]}


class Served:
    """A server in processes of its own."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line, process.communicate(timeout=WAIT_S)
        self.ready: dict[str, str] = json.loads(line)
        self.workers = psutil.Process(process.pid).children()

    def connection(self, timeout_s: float = WAIT_S) -> http.client.HTTPConnection:
        parts = urlsplit(self.ready["base_url"])
        return http.client.HTTPConnection(parts.hostname or "", parts.port or 0, timeout=timeout_s)

    def connections(self, stack: ExitStack, count: int = 2) -> list[http.client.HTTPConnection]:
        """Return kept connections, each to the next worker in turn."""
        made = [stack.enter_context(closing(self.connection())) for _ in range(count)]
        for each in made:
            assert asked(each, "GET", "/health")[0] == 200
        return made

    @property
    def headers(self) -> dict[str, str]:
        return {
            "authorization": f"Bearer {self.ready['api_key']}",
            "x-to11-authorization": f"Bearer {self.ready['api_key']}",
            "x-to11-project-id": self.ready["project_id"],
            "content-type": "application/json",
        }

    def client(self, **options: Any) -> To11aiClient:
        return create_client(api_key=self.ready["api_key"], base_url=self.ready["base_url"], **options)

    def ended(self) -> tuple[int, str, str]:
        out, err = self.process.communicate(timeout=WAIT_S)
        return self.process.returncode, out, err


@contextmanager
def closing(connection: http.client.HTTPConnection) -> Generator[http.client.HTTPConnection]:
    try:
        yield connection
    finally:
        connection.close()


PROGRAM = ("-m", "to11ai_sdk", "local", "--port", "0", "--json")


@contextmanager
def serving(*options: str, program: tuple[str, ...] = PROGRAM) -> Generator[Served]:
    words = [sys.executable, *program, *options]
    with subprocess.Popen(
        words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        try:
            yield Served(process)
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)


@pytest.fixture
def data(tmp_path: Path) -> str:
    return str(tmp_path / "to11.db")


def asked(
    connection: http.client.HTTPConnection,
    method: str,
    path: str,
    headers: dict[str, str] | None = None,
    body: Any = None,
) -> tuple[int, Any]:
    connection.request(method, path, None if body is None else json.dumps(body), headers or {})
    reply = connection.getresponse()
    return reply.status, json.loads(reply.read())


def until(is_so: Callable[[], object], limit_s: float = WAIT_S) -> None:
    end = time.monotonic() + limit_s
    while not is_so():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_workers_share_the_work_and_end_together(data: str) -> None:
    with serving("--data", data, "--workers", "2") as served, ExitStack() as stack:
        assert len(served.workers) == 2
        kept = served.connections(stack, 8)
        assert [len(each.net_connections("tcp")) for each in served.workers] == [4, 4]
        assert {asked(each, "GET", "/ready")[0] for each in kept} == {200}
        served.process.send_signal(signal.SIGTERM)
        assert served.ended() == (0, "", "")
        assert not any(each.is_running() for each in served.workers)


def test_ctrl_c_reaches_all_of_them_and_ends_them_once(data: str) -> None:
    with serving("--data", data, "--workers", "2") as served:
        os.killpg(served.process.pid, signal.SIGINT)
        assert served.ended() == (0, "", "")
        assert not any(each.is_running() for each in served.workers)


def test_a_killed_worker_is_started_again(data: str) -> None:
    with serving("--data", data, "--workers", "2") as served, ExitStack() as stack:
        here = psutil.Process(served.process.pid)
        served.workers[0].kill()
        until(lambda: len(here.children()) == 2 and served.workers[0] not in here.children())
        for each in served.connections(stack, 4):
            assert asked(each, "GET", "/ready")[0] == 200
        served.process.send_signal(signal.SIGTERM)
        status, _, err = served.ended()
        assert (status, err) == (0, "a worker ended (by SIGKILL) and is started again\n")


def test_a_worker_that_hangs_gets_no_connections_until_it_answers_again(data: str) -> None:
    with serving("--data", data, "--workers", "2") as served:

        def are_answered() -> bool:
            """Whether four new connections are."""
            with ExitStack() as stack:
                opened = [stack.enter_context(closing(served.connection(timeout_s=1.0))) for _ in range(4)]
                try:
                    return [asked(each, "GET", "/ready")[0] for each in opened] == [200] * 4
                except OSError:
                    return False

        def are_shared() -> bool:
            with ExitStack() as stack:
                served.connections(stack, 4)
                return [len(each.net_connections("tcp")) for each in served.workers] == [2, 2]

        hanging = served.workers[0]
        hanging.send_signal(signal.SIGSTOP)
        until(are_answered)
        assert are_answered()
        hanging.send_signal(signal.SIGCONT)
        until(are_shared)
        served.process.send_signal(signal.SIGTERM)
        assert served.ended() == (0, "", "")


def test_a_worker_that_hangs_for_long_is_replaced(data: str) -> None:
    program = (
        "import sys\nfrom to11ai_sdk.local import bounds\nbounds.MAX_WORKER_SILENCE_S = 1.0\n"
        "from to11ai_sdk.cli import main\nsys.exit(main(['local', '--port', '0', '--json', *sys.argv[1:]]))"
    )
    with serving("--data", data, "--workers", "2", program=("-c", program)) as served, ExitStack() as stack:
        here, hanging = psutil.Process(served.process.pid), served.workers[0]
        hanging.send_signal(signal.SIGSTOP)
        until(lambda: len(here.children()) == 2 and hanging not in here.children())
        for each in served.connections(stack, 4):
            assert asked(each, "GET", "/ready")[0] == 200
        served.process.send_signal(signal.SIGTERM)
        status, _, err = served.ended()
        assert status == 0
        assert err == (
            f"worker {hanging.pid} does not answer; it is killed\na worker ended (by SIGKILL) and is started again\n"
        )


def test_a_worker_without_a_file_for_another_connection_says_so(data: str) -> None:
    with serving("--data", data, "--workers", "2") as served, ExitStack() as stack:
        for worker in served.workers:
            worker.rlimit(psutil.RLIMIT_NOFILE, (32, 32))
        opened = [stack.enter_context(closing(served.connection())) for _ in range(60)]
        for each in opened:
            each.request("GET", "/health")
        replies = [each.getresponse() for each in opened]
        codes = {json.loads(each.read())["error"]["code"] for each in replies if each.status != 200}
        assert codes == {"OUT_OF_FILES"}
        assert replies[0].status == replies[1].status == 200
        for each in opened:
            each.close()
        until(lambda: not any(each.net_connections("tcp") for each in served.workers))
        (again,) = served.connections(stack, 1)
        assert asked(again, "GET", "/health")[0] == 200


def test_a_terminal_that_is_closed_ends_them_gently(data: str) -> None:
    with serving("--data", data, "--workers", "2") as served:
        os.killpg(served.process.pid, signal.SIGHUP)
        assert served.ended() == (0, "", "")
        assert not any(each.is_running() for each in served.workers)


@pytest.mark.parametrize("has_served", [True, False])
def test_starts_are_counted_only_as_long_as_a_worker_has_not_served_for_a_while(has_served: bool) -> None:
    with selectors.DefaultSelector() as selector:
        crew = Crew(ServingPlan(0, None, GatewayConfig()), 1, selector, ())
        (worker,) = crew._all
        crew.was_ready = True
        worker.starts = bounds.MAX_WORKER_STARTS
        worker.begun = time.monotonic() - (bounds.WORKER_STEADY_S if has_served else 0)
        if has_served:
            crew._ended(worker, 1)
            assert crew.pause_s == 0
        else:
            with pytest.raises(WorkersError, match="ended 30 times soon after its start, at last: with status 1"):
                crew._ended(worker, 1)


def test_no_process_can_be_started(
    data: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fork() -> int:
        raise BlockingIOError(11, "Resource temporarily unavailable")

    gc.collect()  # else it may close what earlier tests left open
    before = psutil.Process().num_fds()
    monkeypatch.setattr(os, "fork", fork)
    assert serve(0, data, workers=2) == 1
    said = "to11ai local: no process can be started: Resource temporarily unavailable\n"
    assert capsys.readouterr().err == said
    assert psutil.Process().num_fds() == before


def test_a_response_is_continued_by_the_other_worker_at_once(data: str) -> None:
    with serving("--data", data, "--workers", "2") as served, ExitStack() as stack:
        kept = served.connections(stack)
        previous = None
        for turn in range(10):
            body = {"model": "gpt-4o", "input": f"turn {turn}", "previous_response_id": previous}
            status, said = asked(kept[turn % 2], "POST", "/v1/responses", served.headers, body)
            assert status == 200, said
            previous = said["id"]
            item = {"type": "item_reference", "id": said["output"][0]["id"]}
            body = {"model": "gpt-4o", "input": [item, {"role": "user", "content": "x"}]}
            assert asked(kept[1 - turn % 2], "POST", "/v1/responses", served.headers, body)[0] == 200
        failing = {**CHAT, "model": "gpt-4o", "messages": [{"role": "user", "content": "[[echo:status=429 times=3]]"}]}
        path = "/v1/chat/completions"
        seen = [asked(kept[turn % 2], "POST", path, served.headers, failing)[0] for turn in range(5)]
        assert seen == [429, 429, 429, 200, 200]


def test_each_worker_sends_its_own_spans(data: str) -> None:
    chat = {**CHAT, "model": "gpt-4o"}
    with Collector() as collector:
        with serving("--data", data, "--workers", "2", "--otlp", collector.url) as served, ExitStack() as stack:
            for each in served.connections(stack):
                for _ in range(3):
                    assert asked(each, "POST", "/v1/chat/completions", served.headers, chat)[0] == 200
            served.process.send_signal(signal.SIGTERM)
            assert served.ended() == (0, "", "")
            pids = {each.pid for each in served.workers}
        assert len({span.span_id for span in collector.spans}) == 6
        resources = [known(each.resource_spans[0].resource) for each in collector.requests]
        assert {each["process.pid"] for each in resources} == pids
        assert len({each["service.instance.id"] for each in resources}) == 2


def test_workers_end_when_their_supervisor_is_killed(data: str) -> None:
    with serving("--data", data, "--workers", "2") as served:
        served.process.kill()
        served.process.wait(WAIT_S)
        _, alive = psutil.wait_procs(served.workers, WAIT_S)
        assert alive == []


def test_workers_need_a_store_to_share(capsys: pytest.CaptureFixture[str]) -> None:
    assert serve(0, workers=2) == 1
    assert "--workers above 1 needs --data: each worker is a process of its own" in capsys.readouterr().err


def test_workers_need_fork(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, data: str) -> None:
    monkeypatch.delattr(os, "fork")
    assert serve(0, data, workers=2) == 1
    assert "needs a system with fork(), such as Linux or macOS" in capsys.readouterr().err


def test_workers_that_cannot_start_say_why(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    other = tmp_path / "other.db"
    other.write_text("this is something else" * 100)
    assert serve(0, other, workers=2) == 1
    assert capsys.readouterr().err.startswith(f"to11ai local: cannot use {other} as a data file")


def test_the_settings_of_the_start_are_applied_once(data: str) -> None:
    with serving("--data", data, "--workers", "2", "--strict-labels") as served, ExitStack() as stack:
        first, second = served.connections(stack)
        path = "/local/settings"
        assert asked(first, "GET", path, served.headers)[1]["data"]["enforceLabelRegistry"] is True
        asked(second, "PATCH", path, served.headers, {"enforceLabelRegistry": False})
        here = psutil.Process(served.process.pid)
        for worker in served.workers:
            worker.kill()
        until(lambda: len(here.children()) == 2 and not set(served.workers) & set(here.children()))
        (again,) = served.connections(stack, 1)
        assert asked(again, "GET", path, served.headers)[1]["data"]["enforceLabelRegistry"] is False


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_stream_is_finished_after_sigterm(data: str, workers: str) -> None:
    with serving("--data", data, "--workers", workers, "--provider", "echo=echo") as served, ExitStack() as stack:
        count = int(workers)
        streams = served.connections(stack, count)
        kept = served.connections(stack, count)
        slow = {
            "model": "echo::echo",
            "stream": True,
            "messages": [{"role": "user", "content": "[[echo:slow=1]] one two"}],
        }
        replies = []
        for each in streams:
            each.request("POST", "/v1/chat/completions", json.dumps(slow), served.headers)
            replies.append(each.getresponse())
            assert replies[-1].readline().startswith(b"data:")
        served.process.send_signal(signal.SIGTERM)
        until(lambda: refused(served))
        for each in kept:
            last = json.loads(last_reply(each))
            # It may have been ready until just before its reply was sent.
            assert last.get("data") == {"status": "ready"} or last["error"]["code"] == "SHUTTING_DOWN"
        for reply in replies:
            assert reply.read().endswith(b"data: [DONE]\n\n")
        assert served.ended() == (0, "", "")


def closing_to(to11: LocalTo11) -> AbstractContextManager[http.client.HTTPConnection]:
    parts = urlsplit(to11.base_url)
    return closing(http.client.HTTPConnection(parts.hostname or "", parts.port or 0, timeout=WAIT_S))


def last_reply(connection: http.client.HTTPConnection) -> bytes:
    """Return the reply that says that the connection ends, from a worker that may hear of the end only now."""
    while True:
        connection.request("GET", "/ready")
        reply = connection.getresponse()
        body = reply.read()
        if reply.headers["connection"] == "close":
            return body
        assert reply.status == 200


def refused(served: Served) -> bool:
    try:
        with closing(served.connection()) as connection:
            connection.connect()
    except (ConnectionRefusedError, ConnectionResetError):  # a reset if it stops listening at this moment
        return True
    return False


def test_health_is_well_while_it_drains_and_a_second_signal_ends_that(data: str) -> None:
    with serving("--data", data, "--provider", "echo=echo") as served, ExitStack() as stack:
        stream, kept = served.connections(stack)
        slow = {
            "model": "echo::echo",
            "stream": True,
            "messages": [{"role": "user", "content": "[[echo:slow=50]] one"}],
        }
        stream.request("POST", "/v1/chat/completions", json.dumps(slow), served.headers)
        began = time.monotonic()
        until(lambda: "POST" not in str(asked(kept, "GET", "/ready")))
        served.process.send_signal(signal.SIGTERM)
        until(lambda: refused(served))
        assert asked(kept, "GET", "/health") == (200, asked_health())
        served.process.send_signal(signal.SIGTERM)
        assert served.ended()[0] == 0
        assert time.monotonic() - began < 45


def asked_health() -> dict[str, Any]:
    with LocalTo11() as to11, closing_to(to11) as here:
        return dict(asked(here, "GET", "/health")[1])


def test_ready_says_why_not(tmp_path: Path) -> None:
    data = tmp_path / "to11.db"
    with LocalTo11(data) as to11, closing_to(to11) as here:
        assert asked(here, "GET", "/ready")[1]["data"] == {"status": "ready"}
        data.rename(tmp_path / "elsewhere.db")
        status, body = asked(here, "GET", "/ready")
        assert (status, body["error"]["code"]) == (503, "STORAGE_UNAVAILABLE")
        assert str(tmp_path) not in json.dumps(body)
        assert asked(here, "GET", "/health")[0] == 200


@pytest.mark.parametrize("store", ["file", "postgresql"])
def test_a_release_is_in_force_everywhere_within_a_second(data: str, store: str, request: Any) -> None:
    place = data if store == "file" else request.getfixturevalue("postgres_server").url()
    options = ("--data", place, "--provider", "openai=echo,models=one|two")
    with serving(*options, "--workers", "2") as served, serving(*options) as other, ExitStack() as stack:
        assert served.ready["api_key"] == other.ready["api_key"]
        everywhere = [*served.connections(stack), *other.connections(stack, 1)]
        with served.client() as client:
            for model in ("one", "two", "one"):
                snapshot = {**SNAPSHOT, "target": {"providerId": "openai", "modelId": model}}
                rules, rule = client.routing_rules, {"project_id": served.ready["project_id"], "rule_id": "r"}
                made = rules.versions.create(**rule, snapshot=snapshot)
                rules.releases.set(**rule, env_slug="prod", strategy="single", version_id=made.id)
                released = time.monotonic()
                for each in everywhere:
                    until(partial(is_served_by, model, each, served))
                assert time.monotonic() - released < 1 + 5, "a second, and what a busy machine takes"


def is_served_by(model: str, connection: http.client.HTTPConnection, served: Served) -> bool:
    chat = {**CHAT, "model": "route::r"}
    status, reply = asked(connection, "POST", "/v1/chat/completions", served.headers, chat)
    # Servers that have not heard of the first release yet have no such rule.
    return status == 200 and reply["model"] == model


def test_files_and_traces_of_one_worker_are_those_of_the_others(data: str) -> None:
    options = ("--data", data, "--workers", "2", "--provider", "openai=echo")
    with serving(*options) as served, ExitStack() as stack:
        first, second = served.connections(stack)
        ids = [uploaded(each, served) for each in (first, second, first)]
        assert len(set(ids)) == 3
        for each in (first, second):
            listed = asked(each, "GET", "/v1/files", served.headers)[1]["data"]
            assert {file["id"] for file in listed} == set(ids)
        assert asked(second, "DELETE", f"/v1/files/{ids[0]}", served.headers)[0] == 200
        assert asked(first, "GET", f"/v1/files/{ids[0]}", served.headers)[0] == 404
        for each in (first, second):
            until(partial(has_traces, each, served, 7))
            spans = traced(each, served)
            assert len({span["requestId"] for span in spans}) == len(spans)


def has_traces(connection: http.client.HTTPConnection, served: Served, count: int) -> bool:
    return len(traced(connection, served)) >= count


def traced(connection: http.client.HTTPConnection, served: Served) -> list[dict[str, Any]]:
    return list(asked(connection, "GET", "/local/traces", served.headers)[1]["data"])


def uploaded(connection: http.client.HTTPConnection, served: Served) -> str:
    parts = ['name="purpose"\r\n\r\nassistants', 'name="file"; filename="a.txt"\r\n\r\nhello']
    body = "".join(f"--xx\r\nContent-Disposition: form-data; {part}\r\n" for part in parts) + "--xx--\r\n"
    headers = {**served.headers, "content-type": "multipart/form-data; boundary=xx"}
    connection.request("POST", "/v1/files", body, headers)
    reply = connection.getresponse()
    made = json.loads(reply.read())
    assert reply.status == 200, made
    return str(made["id"])
