"""Rows of the table, interleaved runs, and the servers they run against."""

from __future__ import annotations

import contextlib
import os
import statistics
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import trustme

ROOT = Path(__file__).parent.parent


@dataclass
class Row:
    """One line of the table: what was measured on both sides, their ratio, and what it should be."""

    what: str
    ours: str
    baseline: str
    ratio: float | None
    goal: str
    met: bool | None

    def as_dict(self) -> dict[str, object]:
        """The row as JSON."""
        return asdict(self)


@dataclass
class Servers:
    """Base URLs of the servers, and the file of the authority that signed for the TLS ones."""

    http: str
    https: str
    slow_http: str
    slow_https: str
    authority: str


@dataclass
class Sample:
    """The runs of one side, in microseconds."""

    values: list[float]

    @property
    def median(self) -> float:
        """Middle value."""
        return statistics.median(self.values)

    def __str__(self) -> str:
        low, _, high = statistics.quantiles(self.values, n=4)
        unit, name = (1000.0, "ms") if self.median >= 1000 else (1.0, "us")
        return f"{self.median / unit:.2f} [{(high - low) / unit:.2f}] {name}"


def compare(what: str, ours: Sample, baseline: Sample, most: float, than: str) -> Row:
    """A row whose goal is a ratio of medians."""
    ratio = ours.median / baseline.median
    return Row(what, str(ours), str(baseline), round(ratio, 3), f"<= {most} x {than}", ratio <= most)


def interleaved(runs: int, *sides: Callable[[], float]) -> list[Sample]:
    """The sides in turns, so that what else the machine does hits all alike."""
    values: list[list[float]] = [[] for _ in sides]
    for _ in range(max(runs, 5)):
        for side, collected in zip(sides, values, strict=True):
            collected.append(side())
    return [Sample(collected) for collected in values]


@contextlib.contextmanager
def servers(folder: Path) -> Iterator[Servers]:
    """Four servers in processes of their own: with and without TLS, at once and after 50 ms."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(folder / "authority.pem")
    authority.issue_cert("localhost", "127.0.0.1").private_key_and_cert_chain_pem.write_to_path(folder / "server.pem")
    tls = ["--tls", str(folder)]
    variants = {
        "http": [],
        "https": tls,
        "slow_http": ["--delay", "0.05"],
        "slow_https": [*tls, "--delay", "0.05"],
    }
    with contextlib.ExitStack() as stack:
        urls = {}
        for name, options in variants.items():
            command = [sys.executable, "-m", "bench.server", *options]
            process = stack.enter_context(subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True))
            stack.callback(process.terminate)
            assert process.stdout is not None
            scheme = "https" if "https" in name else "http"
            urls[name] = f"{scheme}://localhost:{process.stdout.readline().strip()}"
        yield Servers(**urls, authority=str(folder / "authority.pem"))


def child(code: str, *arguments: str, **environment: str) -> str:
    """What a fresh interpreter prints, without the site's own imports."""
    command = [sys.executable, "-I", "-c", f"import sys; sys.path.insert(0, {str(ROOT)!r})\n{code}", *arguments]
    done = subprocess.run(command, check=True, capture_output=True, text=True, env={**os.environ, **environment})
    return done.stdout
