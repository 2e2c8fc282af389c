"""From nothing to the first prompt: import, factory, first call."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time

from to11ai_sdk import Snapshot, create_client

from .measure import ROOT, Row, Sample, Servers, child, compare, interleaved

NAIVE = "from bench.naive import Client; Client('secret-key', {url!r}).resolve('p', 's', ['production'])"
OURS = (
    "from to11ai_sdk import create_client; "
    "create_client(api_key='secret-key', base_url={url!r})"
    ".prompts.resolve(project_id='p', slug='s', labels=['production'])"
)
SNAPSHOT = (
    "from to11ai_sdk import create_client; "
    "create_client(api_key='secret-key', base_url={url!r}, snapshot={file!r}, snapshot_first=True)"
    ".prompts.resolve(project_id='p', slug='s', labels=['production'])"
)
BARE = (
    "import json, urllib.request, ssl, pydantic; pydantic.TypeAdapter(pydantic.create_model('Bare', text=(str, ...)))"
)
IMPORT = """
import json, time
before, start = set(sys.modules), time.process_time_ns()
{statement}
print(json.dumps([(time.process_time_ns() - start) / 1e3, len(set(sys.modules) - before), sorted(set(sys.modules))]))
"""


def rows(up: Servers, scale: float) -> list[Row]:
    """The rows of this part."""
    return [*_imports(scale), *_first_calls(up, scale), *_from_a_snapshot(up, scale)]


def _imports(scale: float) -> list[Row]:
    runs = round(25 * scale)
    create = "import to11ai_sdk\nstart = time.process_time_ns()\nc = to11ai_sdk.create_client(api_key='secret-key', base_url='https://x')"
    ours, factory, naive = interleaved(
        runs,
        lambda: _cost("import to11ai_sdk")[0],
        lambda: _cost(create)[0],
        lambda: _cost("import bench.naive")[0],
    )
    count = _cost("import to11ai_sdk")[1]
    return [
        Row("import to11ai_sdk, CPU", str(ours), str(naive), _ratio(ours, naive), "<= 1 ms", ours.median <= 1000),
        Row("import to11ai_sdk, modules", str(count), "", None, "<= 5", count <= 5),
        Row("create_client, CPU above the import", str(factory), "", None, "<= 12 ms", factory.median <= 12_000),
    ]


def _ratio(ours: Sample, baseline: Sample) -> float:
    return round(ours.median / baseline.median, 3)


def _cost(statement: str) -> tuple[float, int, list[str]]:
    micros, count, modules = json.loads(child(IMPORT.replace("{statement}", statement)))
    return micros, count, modules


def _first_calls(up: Servers, scale: float) -> list[Row]:
    found = []
    for name, url in (("HTTP", up.http), ("HTTPS", up.https)):
        ours, naive = interleaved(
            round(25 * scale), lambda: _process(OURS, url, up)[0], lambda: _process(NAIVE, url, up)[0]
        )
        found.append(compare(f"process start to first prompt, {name}, CPU", ours, naive, 0.75, "naive"))
    ours, bare = interleaved(
        round(25 * scale), lambda: _process(OURS, up.http, up)[0], lambda: _process(BARE, up.http, up)[0]
    )
    ratio = _ratio(ours, bare)
    found.append(Row("the same, beside importing urllib.request and Pydantic", str(ours), str(bare), ratio, "", None))
    for name, url in (("HTTP", up.slow_http), ("HTTPS", up.slow_https)):
        ours, naive = interleaved(
            round(25 * scale), lambda: _process(OURS, url, up)[1], lambda: _process(NAIVE, url, up)[1]
        )
        found.append(compare(f"the same with a 50 ms server, {name}, wall", ours, naive, 0.55, "naive"))
    return found


def _from_a_snapshot(up: Servers, scale: float) -> list[Row]:
    with (
        tempfile.NamedTemporaryFile(suffix=".json") as file,
        create_client(api_key="secret-key", base_url=up.http) as to11,
    ):
        Snapshot.take(to11, project_id="p", labels=["production"], slugs=["s"]).save(file.name)
        code = SNAPSHOT.replace("{file!r}", repr(file.name))
        runs = round(25 * scale)
        cpu, http = interleaved(runs, lambda: _process(code, up.http, up)[0], lambda: _process(OURS, up.http, up)[0])
        wall, slow = interleaved(
            runs, lambda: _process(code, up.slow_http, up)[1], lambda: _process(OURS, up.slow_http, up)[1]
        )
    what = "process start to first prompt from a snapshot"
    return [
        compare(f"{what}, CPU", cpu, http, 0.92, "HTTP"),
        compare(f"{what}, wall, 50 ms server", wall, slow, 0.95, "HTTP"),
    ]


def _process(code: str, url: str, up: Servers) -> tuple[float, float]:
    """CPU and wall time of a process from its start until it has its prompt, in microseconds."""
    ends = "import time; print(time.process_time_ns() / 1e3, time.monotonic_ns() / 1e3)"
    script = f"import sys; sys.path.insert(0, {str(ROOT)!r}); {code.format(url=url)}; {ends}"
    start = time.monotonic_ns() / 1e3
    done = subprocess.run(
        [sys.executable, "-I", "-c", script],
        check=True,
        capture_output=True,
        env={**os.environ, "SSL_CERT_FILE": up.authority},
    )
    cpu, end = map(float, done.stdout.split())
    return cpu, end - start
