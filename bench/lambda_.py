"""``python -m bench.lambda_ [--quick]``: the figures of docs/lambda.md, as tables.

It runs the commands and the handler of that page under the real ``awslambdaric``, which has to be installed, with
:class:`RuntimeApi` on the other side. Lambda gives a function a whole CPU while it starts and then a share that grows
with its memory; here a quota of the process's control group does the second (Linux, as root), set after the start.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import re
import shutil
import signal
import ssl
import statistics
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path

from .lambda_runtime import FunctionError, RuntimeApi
from .measure import ROOT, Servers, interleaved, servers

PAGE = (ROOT / "docs" / "lambda.md").read_text("utf-8")
WHOLE_CPU_MB = 1769
"""The memory at which a function has one CPU (https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html)."""
PERIOD_US = 20_000
FIRST_PROMPT = """
import sys, time
sys.path.insert(0, sys.argv[1])
from to11ai_sdk import create_client
create_client(api_key="k", base_url=sys.argv[2]).prompts.resolve(project_id="p", slug="s", labels=["production"])
print(time.process_time_ns() / 1e3)
"""
Running = tuple[RuntimeApi, "subprocess.Popen[bytes]"]
SHORT_TTL = "ttl_seconds=0.5,"


def block(start: str) -> str:
    """The block of the page that holds this line."""
    blocks: list[str] = re.findall(r"^```\w+\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    return next(found for found in blocks if start in found)


def build(folder: Path) -> Path:
    """A bundle made by the page's commands, in a copy of the source."""
    for name in ("to11ai_sdk", "pyproject.toml", "README.md", "LICENSE"):
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, folder / name)
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    commands = ["bash", "-euo", "pipefail", "-c", block("pip install --no-compile")]
    subprocess.run(commands, cwd=folder, env={**os.environ, "PATH": path}, check=True, stdout=subprocess.DEVNULL)
    return folder / "bundle"


def handlers(bundle: Path) -> dict[str, str]:
    """The page's handler in the bundle, as it is and otherwise: what each does, and its name."""
    shown = re.sub(r'"https://api.to11.ai"', 'os.environ["TO11_API_URL"]', block("def handler("))
    warm = next(line.strip() for line in shown.splitlines() if line.strip().startswith("client.warm_up("))
    variants = {
        "no warm_up": shown.replace(warm, "pass"),
        "warm_up(connect=False)": shown.replace(warm, "client.warm_up(connect=False)"),
        "warm_up()": shown,
    }
    for number, code in enumerate(variants.values()):
        (bundle / f"app{number}.py").write_text(code.replace("timeout_s=3.0,", f"timeout_s=3.0,{SHORT_TTL}"), "utf-8")
    return {what: f"app{number}.handler" for number, what in enumerate(variants)}


def zipped(files: list[Path]) -> int:
    """Bytes of a zip of these files."""
    with tempfile.TemporaryFile() as packed:
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            for path in files:
                archive.write(path)
        return packed.tell()


def sizes(bundle: Path) -> Iterator[str]:
    """How large the parts of a bundle are, with and without their ``.pyc``."""
    files = [path for path in bundle.rglob("*") if path.is_file()]
    parts = {"all": files}
    for name in ("to11ai_sdk", "pydantic", "pydantic_core"):
        parts[name] = [path for path in files if path.relative_to(bundle).parts[0] == name]
    yield "| part | files, MB | zip, MB | zip without `.pyc`, MB |\n|---|---|---|---|"
    for name, found in parts.items():
        sources = [path for path in found if path.suffix != ".pyc"]
        whole = sum(path.stat().st_size for path in found)
        yield f"| {name} | {whole / 1e6:.2f} | {zipped(found) / 1e6:.2f} | {zipped(sources) / 1e6:.2f} |"


def compiled(bundle: Path, up: Servers, runs: int) -> Iterator[str]:
    """CPU from the start of a process to its first prompt, with the bundle's ``.pyc`` files and without."""
    bare = bundle.parent / "bare"
    shutil.copytree(bundle, bare, ignore=shutil.ignore_patterns("__pycache__"))

    def cpu(path: Path) -> Callable[[], float]:
        # -B: a function cannot write where its code is.
        command = [sys.executable, "-I", "-B", "-c", FIRST_PROMPT, str(path), up.http]
        return lambda: float(subprocess.run(command, check=True, capture_output=True).stdout)

    having, lacking = interleaved(runs, cpu(bundle), cpu(bare))
    yield "| from the start to the first prompt | CPU | ratio |\n|---|---|---|"
    yield f"| valid `.pyc` | {having} | 1 |"
    yield f"| none | {lacking} | {lacking.median / having.median:.2f} |"


@contextlib.contextmanager
def limited(process: subprocess.Popen[bytes], share: float) -> Iterator[None]:
    """Give a process a share of one CPU, and end it with the block.

    Raises:
        OSError: this machine does not allow it.
    """
    one = Path("/sys/fs/cgroup/cpu")
    group = (one if one.is_dir() else Path("/sys/fs/cgroup")) / f"to11-bench-{process.pid}"
    quota, period = str(round(share * PERIOD_US)), str(PERIOD_US)
    group.mkdir()
    try:
        if one.is_dir():
            (group / "cpu.cfs_period_us").write_text(period)
            (group / "cpu.cfs_quota_us").write_text(quota)
        else:
            (group / "cpu.max").write_text(f"{quota} {period}")
        (group / "cgroup.procs").write_text(str(process.pid))
        yield
    finally:
        process.kill()
        process.wait()
        group.rmdir()


@contextlib.contextmanager
def function(
    bundle: Path, handler: str, url: str, authority: str
) -> Iterator[tuple[RuntimeApi, subprocess.Popen[bytes]]]:
    """A function process at the end of its init phase."""
    settings = {"TO11_API_KEY": "key", "TO11_API_URL": url, "SSL_CERT_FILE": authority, "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-m", "awslambdaric", handler]
    with RuntimeApi() as api:
        environment = api.environment(handler, bundle, **settings)
        process = subprocess.Popen(command, cwd=bundle, env=environment, stdout=subprocess.DEVNULL)
        try:
            api.wait_until_ready()
            yield api, process
        finally:
            process.kill()
            process.wait()


def cold(bundle: Path, handler: str, url: str, authority: str, share: float) -> tuple[float, float]:
    """Seconds of the first and of the second invocation of a new function."""
    with function(bundle, handler, url, authority) as (api, process), limited(process, share):
        first = api.invoke({}).seconds
        # Past the TTL, so that the second asks the server, too.
        time.sleep(0.6)
        return first, api.invoke({}).seconds


def invocations(bundle: Path, up: Servers, runs: int) -> Iterator[str]:
    """The first invocation by memory, scheme and handler, and the second."""
    variants = handlers(bundle)
    yield f"| memory (CPU share) | scheme | first, s: {' | first, s: '.join(variants)} | second, s |"
    yield "|---|---" + "|---" * len(variants) + "|---|"
    for memory in (128, 256, 512, 1024, WHOLE_CPU_MB):
        share = memory / WHOLE_CPU_MB
        for scheme, url in (("HTTP", up.http), ("HTTPS", up.https)):
            row, seconds = f"| {memory} MB ({share:.3f}) | {scheme} ", "?"
            for handler in variants.values():
                try:
                    runs_of_it = [cold(bundle, handler, url, up.authority, share) for _ in range(runs)]
                    first, seconds = (f"{statistics.median(column):.3f}" for column in zip(*runs_of_it, strict=True))
                except (FunctionError, OSError) as exc:
                    first = f"not measured: {exc}"
                row += f"| {first} "
            yield f"{row}| {seconds} |"


def thawed(bundle: Path, url: str, authority: str, frozen_s: float, meanwhile: Callable[[], object]) -> str:
    """Seconds of an invocation after the process has been stopped for a while."""
    with function(bundle, handlers(bundle)["no warm_up"], url, authority) as (api, process):
        api.invoke({})
        process.send_signal(signal.SIGSTOP)
        meanwhile()
        time.sleep(frozen_s)
        process.send_signal(signal.SIGCONT)
        try:
            return f"{api.invoke({}).seconds:.3f}"
        except FunctionError as exc:
            return str(exc)


def freezes(bundle: Path, up: Servers, authority: str, longest_s: float) -> Iterator[str]:
    """Invocations after a freeze in which the prompt's TTL passed."""
    yield "| while the function was frozen | next invocation, s |\n|---|---|"
    yield f"| 2 s passed | {thawed(bundle, up.https, authority, 2.0, bool)} |"
    for what, option in (("the server closed the connection", "--idle"), ("the server went away", "")):
        command = [sys.executable, "-m", "bench.server", *([option, "1"] if option else [])]
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as server:
            assert server.stdout is not None
            url = f"http://127.0.0.1:{server.stdout.readline().strip()}"
            yield f"| {what} | {thawed(bundle, url, authority, 2.0, bool if option else server.kill)} |"
            server.kill()
    yield f"| {longest_s:.0f} s passed | {thawed(bundle, up.https, authority, longest_s, bool)} |"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m bench.lambda_", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer runs: to see that it works, not to conclude")
    options = parser.parse_args()
    if f"--python-version {sys.version_info[0]}.{sys.version_info[1]} " not in block("pip install --no-compile"):
        parser.error("run it with the Python that the page's bundle is for")
    if find_spec("awslambdaric") is None:
        parser.error("install awslambdaric beside it")
    with tempfile.TemporaryDirectory() as name, servers(Path(name)) as up:
        folder = Path(name)
        # As in a function: the authorities of the system have to be read, too.
        system = ssl.get_default_verify_paths().cafile
        with open(up.authority, "a", encoding="utf-8") as authority:
            authority.write(Path(system).read_text("utf-8") if system else "")
        bundle = build(folder)
        parts = (
            sizes(bundle),
            compiled(bundle, up, 5 if options.quick else 25),
            invocations(bundle, up, 1 if options.quick else 3),
            freezes(bundle, up, up.authority, 5.0 if options.quick else 55.0),
        )
        print(f"Python {sys.version.split()[0]}")
        for part in parts:
            print(flush=True)
            for line in part:
                print(line, flush=True)


if __name__ == "__main__":
    main()
