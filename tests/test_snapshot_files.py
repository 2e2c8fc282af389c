"""Where a snapshot may lie, and what may have happened to its file: git, editors, archives, devices."""

from __future__ import annotations

import copy
import json
import os
import sys
import threading
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from neighbours.packing import run
from samples import RESOLVED
from scripted import KEY, URL
from test_prompt_snapshots import CALL, ROOT, snapshot

from to11ai_sdk import Snapshot, create_client

if TYPE_CHECKING:
    from collections.abc import Iterable

needs_fifo = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")


def first_answer(source: Any) -> str:
    with create_client(api_key=KEY, base_url=URL, snapshot=source, snapshot_first=True) as client:
        return client.prompts.resolve(**CALL).messages[0].content


def content(prompts: Iterable[Any]) -> dict[str, Any]:
    return {"formatVersion": 1, "prompts": list(prompts)}


# --- what git and editors do


def test_line_ends_and_layout_do_not_matter(tmp_path: Path) -> None:
    written = snapshot().to_bytes()
    path = tmp_path / "prompts.json"
    for changed in (
        written.replace(b"\n", b"\r\n"),  # core.autocrlf
        b"\xef\xbb\xbf" + written,
        json.dumps(json.loads(written), indent="\t").encode(),  # a formatter
        json.dumps(json.loads(written), separators=(",", ":")).encode(),
        written.rstrip(b"\n"),
    ):
        path.write_bytes(changed)
        assert first_answer(path) == "from the snapshot"
        Snapshot.load(path).save(path)
        assert path.read_bytes() == written


def test_prompts_of_two_branches_may_be_in_any_order_but_not_twice() -> None:
    one, other = snapshot().to_dict()["prompts"], snapshot(slug="another").to_dict()["prompts"]
    joined = Snapshot.from_dict(content([*one, *other]))
    assert joined.to_bytes() == Snapshot.from_dict(content([*other, *one])).to_bytes()
    assert len(joined) == 2
    for second in (one, snapshot("of another day").to_dict()["prompts"]):
        with pytest.raises(ValueError, match="two prompts with the same project, slug, labels and variables"):
            Snapshot.from_dict(content([*one, *second]))


def test_an_unresolved_conflict_is_named_by_its_line(tmp_path: Path) -> None:
    path = tmp_path / "prompts.json"
    path.write_bytes(snapshot().to_bytes().replace(b"{\n", b"{\n<<<<<<< HEAD\n", 1))
    with pytest.raises(ValueError, match=r"not JSON, or cut off: .* line 2 column 1"):
        Snapshot.load(path)


@pytest.mark.parametrize("version", [2, 10**4000, -(10**4000)], ids=["2", "large", "small"])
def test_a_file_of_another_format_is_refused_in_a_few_words(version: int, tmp_path: Path) -> None:
    path = tmp_path / "prompts.json"
    path.write_text(json.dumps({"formatVersion": version, "prompts": []}))
    with pytest.raises(ValueError, match=r"prompts\.json: format .* is for another to11ai-sdk") as caught:
        Snapshot.load(path)
    assert len(str(caught.value)) < 400


# --- what is no file


@needs_fifo
def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(ValueError, match="pipe: not a regular file"):
        create_client(api_key=KEY, base_url=URL, snapshot=tmp_path / "pipe")


def test_a_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="not a regular file"):
        create_client(api_key=KEY, base_url=URL, snapshot=tmp_path)
    with pytest.raises(OSError, match=r"directory|denied"):
        snapshot().save(tmp_path)
    assert os.listdir(tmp_path) == []


@needs_fifo
@pytest.mark.timeout(60)
def test_a_pipe_is_written_to_not_replaced(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    read: list[bytes] = []
    reader = threading.Thread(target=lambda: read.append(pipe.read_bytes()), daemon=True)
    reader.start()
    snapshot().save(pipe)
    reader.join()
    assert read == [snapshot().to_bytes()]
    assert pipe.is_fifo()
    assert os.listdir(tmp_path) == ["pipe"]


@pytest.mark.skipif(not Path("/dev/fd").exists(), reason="this system has no /dev/fd")
def test_what_an_open_descriptor_names_is_written_to() -> None:
    reading, writing = os.pipe()
    snapshot().save(f"/dev/fd/{writing}")
    os.close(writing)
    with open(reading, "rb") as file:
        assert file.read() == snapshot().to_bytes()


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such permissions")
def test_who_may_not_read_the_old_file_may_not_read_the_new_one_either(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "prompts.json"
    path.touch(0o600)
    modes: list[int] = []
    monkeypatch.setattr(os, "fsync", lambda number: modes.append(os.fstat(number).st_mode & 0o777))
    snapshot().save(path)
    assert [*modes, path.stat().st_mode & 0o777] == [0o600, 0o600]


# --- where a process finds it


def test_it_is_read_when_the_client_is_made_wherever_the_process_goes_then(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path)
    snapshot().save("prompts.json")
    with create_client(api_key=KEY, base_url=URL, snapshot="prompts.json", snapshot_first=True) as client:
        monkeypatch.chdir("elsewhere")
        (tmp_path / "prompts.json").unlink()
        assert client.prompts.resolve(**CALL).messages[0].content == "from the snapshot"


def test_an_application_in_an_archive_reads_its_own(tmp_path: Path) -> None:
    archive = tmp_path / "app.zip"
    with zipfile.ZipFile(archive, "w") as file:
        for source in (ROOT / "to11ai_sdk").rglob("*.py"):
            if "local" not in source.parts:
                file.write(source, source.relative_to(ROOT))
        file.writestr("app/__init__.py", "")
        file.writestr("app/prompts.json", snapshot().to_bytes())
    code = """
import json
from importlib.resources import files
import to11ai_sdk
client = to11ai_sdk.create_client(
    api_key="a-key",
    base_url="https://api.to11.ai",
    snapshot=json.loads(files("app").joinpath("prompts.json").read_bytes()),
    snapshot_first=True,
)
print(client.prompts.resolve(project_id="p", slug="s", labels=["production"]).messages[0].content)
print(to11ai_sdk.__file__)
"""
    found = run(sys.executable, "-c", code, cwd=tmp_path, PYTHONPATH=str(archive))
    words, where = found.splitlines()
    assert words == "from the snapshot"
    assert where.startswith(str(archive))


def test_two_clients_of_one_snapshot_do_not_disturb_each_other() -> None:
    of = snapshot()
    before = copy.deepcopy(of.to_dict())
    for _ in range(2):
        with create_client(api_key=KEY, base_url=URL, snapshot=of, snapshot_first=True) as client:
            prompt = client.prompts.resolve(**CALL)
            prompt.labels.clear()
            assert prompt.version_id == RESOLVED["versionId"]
    assert of.to_dict() == before
