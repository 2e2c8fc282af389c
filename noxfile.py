"""The gates: ``nox`` runs them all, ``nox -s lint`` one of them."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import nox

PYPROJECT = nox.project.load_toml("pyproject.toml")
SUPPORTED = nox.project.python_versions(PYPROJECT)
IN_PARALLEL = ("-n", "4", "--dist", "worksteal")
"""More workers than cores, because a test run also waits; not many more, because each of them imports all tests."""
TESTED = os.environ.get("TO11_TESTED", "")
"""The Python version that has just run every test with all examples, such as ``"3.12"``; ``.ci/run`` sets it."""
STORY = "tests/local/test_local_story.py"
SOURCES = ("to11ai_sdk", "tests", "docs", "bench", "noxfile.py")

nox.options.default_venv_backend = "uv|virtualenv"
nox.options.error_on_external_run = True
nox.options.error_on_missing_interpreters = True


def candidates(version: str) -> list[Path]:
    """Where an interpreter of this version may be: on PATH, or among those that pyenv built."""
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    folders = [
        Path(sys.executable).parent,
        *map(Path, os.get_exec_path()),
        *sorted(pyenv.glob("versions/*/bin")),
    ]
    return [path for path in (folder / f"python{version}" for folder in folders) if path.is_file()]


def works(python: Path, version: str) -> bool:
    """Whether it runs and is what its name says: a shim may be there without anything behind it."""
    command = [str(python), "-c", "import ssl, sqlite3, sys; print('%d.%d' % sys.version_info[:2])"]
    found = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    return found.returncode == 0 and found.stdout.strip() == version


def interpreters() -> list[str]:
    """The supported versions that this machine has; puts them first on PATH, where nox looks for them."""
    found = {
        version: next((path for path in candidates(version) if works(path, version)), None) for version in SUPPORTED
    }
    homes = [str(path.parent) for path in found.values() if path]
    os.environ["PATH"] = os.pathsep.join([*homes, *os.get_exec_path()])
    return [version for version, path in found.items() if path]


def requirements(*names: str) -> list[str]:
    """The lines of the ``dev`` extra for these tools, so that their bounds stand in one place."""
    lines = PYPROJECT["project"]["optional-dependencies"]["dev"]
    return [next(line for line in lines if line.startswith(name)) for name in names]


FOUND = interpreters()
MEASURED = "".join(FOUND[-1:])
"""Where coverage is measured: of the code outside ``local/``, no branch depends on the version of Python."""
TO_TEST = [version for version in FOUND if version == MEASURED or version != TESTED]
THOROUGH = "" if TESTED else MEASURED
"""Where property tests try all of their examples; a third of them elsewhere."""


@nox.session(python=TO_TEST)
def tests(session: nox.Session) -> None:
    """Run the whole suite, on the oldest Python with the oldest Pydantic; branch coverage on the newest.

    Once the whole suite has run on a Python between these, the others there do without the local to11.
    """
    oldest = [need.replace(">=", "==") + ".*" for need in PYPROJECT["project"]["dependencies"]]
    session.install(".[test]", *(oldest if session.python == SUPPORTED[0] else []))
    options = [*IN_PARALLEL, *(() if session.python == THOROUGH else ("--hypothesis-profile", "brief"))]
    if TESTED in FOUND[1:-1] and session.python in FOUND[1:-1]:
        options += [*map(str, Path("tests").glob("test_*.py")), "tests/faults", "tests/neighbours", STORY]
    if session.python != MEASURED:
        session.run("python", "-m", "pytest", "-q", *options, *session.posargs)
        return
    session.run("coverage", "erase")
    session.run("coverage", "run", "-m", "pytest", "-q", *options, *session.posargs)
    session.notify("coverage")


@nox.session(default=False)
def coverage(session: nox.Session) -> None:
    """Every branch outside ``local/`` is tested, and nine of ten inside."""
    session.install(*PYPROJECT["project"]["dependencies"], "coverage[toml]")
    session.run("coverage", "combine", "--quiet")
    session.run("coverage", "report", "--omit=to11ai_sdk/local/*", "--fail-under=100")
    session.run("coverage", "report", "--include=to11ai_sdk/local/*", "--fail-under=90")


@nox.session
def lint(session: nox.Session) -> None:
    """Style and likely bugs."""
    session.install(*requirements("ruff"))
    session.run("ruff", "check", *SOURCES)
    session.run("ruff", "format", "--check", *SOURCES)


@nox.session
def types(session: nox.Session) -> None:
    """Our own types, and those that users of the installed package see."""
    session.install(".[test]", *requirements("mypy", "pyright"))
    with ThreadPoolExecutor() as pool:
        mypy, pyright = pool.submit(run_mypy, session), pool.submit(run_pyright, session)
    mypy.result()
    report = pyright.result()
    session.log(f"{report['completenessScore']:.1%} of the public names are completely typed")
    if report["completenessScore"] < 1:
        problems = [(symbol["name"], problem) for symbol in report["symbols"] for problem in symbol["diagnostics"]]
        causes = [name for name, problem in problems if "missing type annotation" in problem["message"]]
        session.error(f"not completely typed, because these are not: {', '.join(sorted(causes))}")


def run_mypy(session: nox.Session) -> None:
    """Check our own types, and the examples of the pages; the output is printed if there are errors."""
    session.run("mypy", "-p", "to11ai_sdk", silent=True)
    session.run("mypy", "tests/typing", silent=True)
    readers = ("--allow-untyped-defs", "--allow-untyped-calls", "--ignore-missing-imports", "--no-warn-unused-ignores")
    session.run("mypy", *readers, *examples(Path(session.create_tmp()).resolve()), silent=True)


def examples(folder: Path) -> list[str]:
    """Write the programs of each page to a file, with the numbers of its lines; the two left out are generated."""
    first = "from to11ai_sdk import To11aiClient; client: To11aiClient; project_id: str; gateway_url: str"
    written = []
    for page in (Path("README.md"), *Path("docs").glob("*.md")):
        parts = re.split(r"^```(\w*)$", page.read_text("utf-8"), flags=re.MULTILINE)
        blocks = list(zip(["", *parts[1::2]], parts[::2], strict=True))
        code = [text if kind == "python" else "\n" * text.count("\n") for kind, text in blocks]
        if "python" in parts and page.stem not in ("clients", "reference"):
            written.append(folder / f"example_{page.stem.replace('-', '_')}.py")
            written[-1].write_text(first + "".join(code), "utf-8")
    return [str(path) for path in written]


def run_pyright(session: nox.Session) -> Any:
    """Check the same with pyright; return its report on the types of the public names."""
    session.run("pyright", silent=True)
    verify = ("pyright", "--verifytypes", "to11ai_sdk", "--ignoreexternal", "--outputjson")
    return json.loads(str(session.run(*verify, silent=True, success_codes=[0, 1])))["typeCompleteness"]


@nox.session
def docs(session: nox.Session) -> None:
    """The generated pages are what the code says today."""
    session.install(".[local]")
    session.run("python", "docs/generate.py", "--check")


@nox.session(default=False)
def faults(session: nox.Session) -> None:
    """Print what a caller sees of each network fault; the suite runs the same rows."""
    session.install(".[test]")
    session.run("python", "-m", "tests.faults.table", *session.posargs)


@nox.session
def integration(session: nox.Session) -> None:
    """The providers' own SDKs, Python and Node, and curl against a local to11."""
    session.install(".[test]", "anthropic", "openai")
    env = {}
    if shutil.which("npm"):
        folder = Path(session.create_tmp()).resolve()
        session.run("npm", "install", "--silent", "--prefix", str(folder), "@anthropic-ai/sdk", external=True)
        env["TO11_NODE_MODULES"] = str(folder)
    session.run("python", "-m", "pytest", "-q", *IN_PARALLEL, "tests/integration", *session.posargs, env=env)


@nox.session(python=FOUND[-1:])
def inspector(session: nox.Session) -> None:
    """Use the inspector in a real Chromium and take pictures of its pages; ``-- --write`` puts some into the docs."""
    browser = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if browser is None:
        session.skip("needs Chromium; on Debian it is apt-get install chromium")
    session.install(".[test]", "playwright>=1.40", "axe-playwright-python>=0.1.4")
    pictures = Path(session.create_tmp()).resolve() / "pictures"
    env = {"TO11_CHROMIUM": browser, "TO11_PICTURES": str(pictures)}
    options = [option for option in session.posargs if option != "--write"]
    session.run("python", "-m", "pytest", "-q", "-rs", "tests/inspector", *options, env=env)
    session.log(f"the pictures are in {pictures}")
    if "--write" in session.posargs:
        session.install("pillow")
        session.run("python", "tests/inspector/keep_pictures.py", str(pictures))


@nox.session
def liquid(session: nox.Session) -> None:
    """Render the same templates with the local to11, Ruby's Liquid and liquidjs; ``-- --record`` writes them."""
    lacking = [name for name in ("ruby", "node", "npm") if not shutil.which(name)]
    if lacking:
        session.skip(f"needs {' and '.join(lacking)}; Ruby with Liquid is apt-get install ruby ruby-liquid")
    session.install(".[test]")
    folder = Path(session.create_tmp()).resolve()
    session.run("npm", "install", "--silent", "--prefix", str(folder), "liquidjs@10.30.1", external=True)
    env = {"TO11_LIQUID": "1", "NODE_PATH": str(folder / "node_modules")}
    options = [option for option in session.posargs if option != "--record"]
    if "--record" in session.posargs:
        session.run("python", "tests/liquid/record.py", env=env)
    session.run("python", "-m", "pytest", "-q", "-rs", "tests/liquid", *options, env=env)


@nox.session(python=FOUND[-1:])
def neighbours(session: nox.Session) -> None:
    """Test with the tools that users run beside the package or pack it with; ``-- --freezers`` adds the freezers."""
    options = [option for option in session.posargs if option != "--freezers"]
    listed = ["tests/neighbours/requirements.txt"]
    if "--freezers" in session.posargs:
        listed.append("tests/neighbours/freezers.txt")
    session.install(".[test]", *(word for name in listed for word in ("-r", name)))
    env = {"TO11_NEIGHBOURS": "1"}
    if shutil.which("npm"):
        folder = Path(session.create_tmp()).resolve()
        session.run("npm", "install", "--silent", "--prefix", str(folder), "pyodide@^314", external=True)
        env["TO11_NODE_MODULES"] = str(folder)
    session.run("python", "-m", "pytest", "-q", *IN_PARALLEL, "tests/neighbours", *options, env=env)


@nox.session(python=FOUND[-1:], default=False)
def clients(session: nox.Session) -> None:
    """Run the SDKs, frameworks and agents that talk to the gateway; ``-- --write`` puts what they did into the docs."""
    folder = Path("tests/clients")
    session.install(".[test]", "-r", str(folder / "requirements.txt"))
    session.install("--no-deps", "-r", str(folder / "beside.txt"))
    env = {"TO11_CLIENTS": "1"}
    if shutil.which("npm"):
        home = Path(session.create_tmp()).resolve()
        shutil.copy(folder / "package.json", home)
        session.run("npm", "install", "--silent", "--prefix", str(home), external=True)
        env["TO11_NODE_MODULES"] = str(home)
    options = [option for option in session.posargs if option != "--write"]
    report = Path(session.create_tmp()).resolve() / "report.json"
    env["TO11_CLIENTS_REPORT"] = str(report)
    quiet = ("-W", "ignore", "-p", "no:unraisableexception", "--ignore", str(folder / "test_page.py"))
    session.run("python", "-m", "pytest", "-q", *quiet, str(folder), *options, env=env)
    session.run("python", "-m", "tests.clients.page", str(report), *(["--write"] * ("--write" in session.posargs)))


@nox.session(default=False)
def bench(session: nox.Session) -> None:
    """Measure the SDK and the local gateway in ratios to baselines; nothing passes or fails.

    ``-- --gateway`` measures the gateway in full; what follows goes to ``python -m bench.gateway``.
    """
    session.install(".[local]", "psutil", "py-spy", "trustme", "uvloop; platform_system != 'Windows'")
    if "--gateway" in session.posargs:
        session.run("python", "-m", "bench.gateway", *(word for word in session.posargs if word != "--gateway"))
        return
    session.run("python", "-m", "bench", *(session.posargs or ["--quick"]))
    if not session.posargs:
        session.run("python", "-m", "bench.gateway", "--quick", "--without-peers")


@nox.session
def wheel(session: nox.Session) -> None:
    """The wheel holds the package only, and works with only Pydantic installed; the sdist holds every file."""
    session.install(".[local]", *requirements("build"))
    work = Path(session.create_tmp()).resolve()
    session.run("python", "-m", "build", "--outdir", str(work), silent=True)
    built = max(work.glob("*.whl"), key=os.path.getmtime)
    describe(session, built)
    check_sdist(session, max(work.glob("*.tar.gz"), key=os.path.getmtime))
    bare = work / "bare"
    python = str(bare / "bin" / "python")
    if session.venv_backend == "uv":
        session.run("uv", "venv", "--quiet", "--clear", str(bare), external=True)
        session.run("uv", "pip", "install", "--quiet", "--python", python, str(built), external=True)
    else:
        session.run("python", "-m", "venv", "--clear", str(bare))
        session.run(python, "-m", "pip", "install", "--quiet", str(built), external=True)
    with session.chdir(work):
        for name, script in SCRIPTS.items():
            Path(name).write_text(script, encoding="utf-8")
            session.run(python, name, external=True)
        demo(session, bare)


def describe(session: nox.Session, built: Path) -> None:
    """Print the size of the wheel; refuse one that holds more than the package."""
    with zipfile.ZipFile(built) as archive:
        files = archive.infolist()
    version = PYPROJECT["project"]["version"]
    ours = ("to11ai_sdk/", f"to11ai_sdk-{version}.dist-info/")
    alien = [file.filename for file in files if not file.filename.startswith(ours)]
    if alien:
        session.error(f"the wheel holds more than the package: {alien}")
    size = built.stat().st_size
    local = sum(f.compress_size for f in files if f.filename.startswith("to11ai_sdk/local/"))
    session.log(f"{built.name}: {size:,} bytes, {size - local:,} without local/, {len(files)} files")


def check_sdist(session: nox.Session, built: Path) -> None:
    """Refuse an sdist that lacks a file of the repository: its pages link to each other, and its tests read them."""
    with tarfile.open(built) as archive:
        inside = {name.partition("/")[2] for name in archive.getnames()}
    tracked = str(session.run("git", "ls-files", external=True, silent=True)).splitlines()
    if missing := sorted({*tracked} - inside):
        session.error(f"the sdist lacks {missing}")


def demo(session: nox.Session, bare: Path) -> None:
    """Run the demo of the bare installation against a local to11 of the session's own environment."""
    command = [str(Path(session.bin) / "python"), "-m", "to11ai_sdk", "local", "--port", "0", "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True) as server:
        try:
            ready = json.loads(server.stdout.readline())  # type: ignore[union-attr]
            env = {"TO11_API_KEY": ready["api_key"], "TO11_PROJECT_ID": ready["project_id"]}
            session.run(str(bare / "bin" / "to11ai"), "demo", "--base-url", ready["base_url"], env=env, external=True)
        finally:
            server.terminate()


SCRIPTS = {
    "beside.py": """
import re
from importlib.metadata import distributions, requires

def needs(name):
    for line in requires(name) or ():
        if "extra ==" not in line:
            found = re.match("[A-Za-z0-9._-]+", line)[0].lower().replace("_", "-")
            yield from (found, *needs(found))

installed = {found.name.lower().replace("_", "-") for found in distributions()}
beside = installed - {"pip", "setuptools", "to11ai-sdk"}
allowed = {"pydantic", *needs("pydantic")}
assert beside <= allowed, f"installed beside Pydantic and its own: {beside - allowed}"
print("installed beside it:", ", ".join(sorted(beside)))
""",
    "modules.py": """
import sys
before = set(sys.modules)
import to11ai_sdk
assert "site-packages" in to11ai_sdk.__file__, to11ai_sdk.__file__
print("import to11ai_sdk adds:", ", ".join(sorted(set(sys.modules) - before)))
""",
}
"""What is run in the environment that has the wheel only."""
