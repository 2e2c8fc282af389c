from __future__ import annotations

import contextlib
import io
import json
import os
import re
import resource
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from urllib.request import urlopen

import pytest

from to11ai_sdk.local import LocalTo11
from to11ai_sdk.local.serve import serve

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

SERVE = "import sys; from to11ai_sdk.local.serve import serve; sys.exit(serve({}))"


@contextlib.contextmanager
def serving(arguments: str) -> Generator[subprocess.Popen[str]]:
    command = [sys.executable, "-W", "error", "-c", SERVE.format(arguments)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            if process.poll() is None:
                process.kill()


def lines(process: subprocess.Popen[str], count: int) -> list[str]:
    assert process.stdout is not None
    return [process.stdout.readline().rstrip("\n") for _ in range(count)]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_runs_until_a_signal(number: signal.Signals) -> None:
    with serving("port=0, as_json=True") as process:
        (line,) = lines(process, 1)
        ready = json.loads(line)
        assert list(ready) == ["base_url", "gateway_url", "api_key", "project_id"]
        with urlopen(f"{ready['base_url']}/health", timeout=60) as reply:
            assert reply.status == 200
        process.send_signal(number)
        out, err = process.communicate(timeout=60)
        assert (process.returncode, out, err) == (0, "", "")


def test_starting_takes_less_than_two_seconds_of_work(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    # Its time is measured, not its coverage.
    for name in ("COVERAGE_PROCESS_CONFIG", "COVERAGE_PROCESS_START"):
        monkeypatch.delenv(name, raising=False)
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    with serving(f"port=0, data={str(tmp_path / 'to11.db')!r}") as process:
        assert lines(process, 1) != [""]
        took_s = time.perf_counter() - began
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime < 2
    # It does not wait either; other work on the machine makes it slower.
    assert took_s < 60


class Terminal(io.StringIO):
    """Where the ready line is shown; whoever reads it there presses Ctrl-C."""

    def flush(self) -> None:
        os.kill(os.getpid(), signal.SIGINT)


def test_it_gives_the_signals_back(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    seen = []
    for as_json in (True, False):
        terminal = Terminal()
        monkeypatch.setattr(sys, "stdout", terminal)
        assert serve(0, tmp_path / "to11.db", as_json=as_json) == 0
        seen.append(terminal.getvalue())
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before
    key = json.loads(seen[0])["api_key"]
    assert f"export TO11_API_KEY={key}\n" in seen[1]


def test_strict_labels_are_switched_and_remembered(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    data, seen = tmp_path / "to11.db", []
    for asked in (None, True, None, False):
        monkeypatch.setattr(sys, "stdout", Terminal())
        assert serve(0, data, strict_labels=asked) == 0
        with LocalTo11(data) as to11:
            seen.append(to11.enforce_label_registry)
    assert seen == [False, True, True, False]


def test_strict_variables_are_switched_and_remembered(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    data, seen = tmp_path / "to11.db", []
    for asked in (None, False, None, True):
        monkeypatch.setattr(sys, "stdout", Terminal())
        assert serve(0, data, strict_variables=asked) == 0
        with LocalTo11(data) as to11:
            seen.append(to11.strict_variables)
    assert seen == [True, False, False, True]


def test_the_exports_can_be_read_by_a_shell() -> None:
    with serving("port=0") as process:
        exports = lines(process, 4)
        shell = "; ".join([*exports, 'echo "$TO11_API_URL $TO11_GATEWAY_URL $TO11_API_KEY $TO11_PROJECT_ID"'])
        said = subprocess.run(["sh", "-c", shell], capture_output=True, text=True, check=True).stdout.split()
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+", said[0])
        assert said[1] == f"{said[0]}/v1"
        assert said[2].startswith("to11_local_")
        assert said[3].startswith("proj_")
        process.terminate()
        assert "not for production" in process.communicate(timeout=60)[1]


@pytest.mark.parametrize("workers", [1, 2])
def test_it_serves_without_standard_streams(workers: int, tmp_path: Path) -> None:
    """As a daemon may be started: their numbers are then those of other files."""
    with LocalTo11() as free:
        port = urlsplit(free.base_url).port
    command = f'exec "$0" -m to11ai_sdk local --port {port} --data "$1" --workers {workers} <&- >&- 2>&-'
    with subprocess.Popen(["sh", "-c", command, sys.executable, str(tmp_path / "to11.db")]) as process:
        try:
            for _ in range(600):
                assert process.poll() is None
                with contextlib.suppress(OSError), urlopen(f"http://127.0.0.1:{port}/ready") as reply:
                    assert reply.status == 200
                    break
                time.sleep(0.1)
            process.terminate()
            assert process.wait(60) == 0
        finally:
            process.kill()


def test_what_stops_it_from_starting_is_said(to11: LocalTo11, tmp_path: Path) -> None:
    port = urlsplit(to11.base_url).port
    with serving(f"port={port}") as process:
        out, err = process.communicate(timeout=60)
        assert (process.returncode, out) == (1, "")
        assert err == f"to11ai local: port {port} is taken; choose another one, or 0 for any free one\n"
    with serving(f"port=0, data={str(tmp_path)!r}") as process:
        out, err = process.communicate(timeout=60)
        assert (process.returncode, out) == (1, "")
        assert err.startswith(f"to11ai local: cannot use {tmp_path} as a data file")
        assert "Traceback" not in err
