"""Snapshots of prompts: taking, keeping and reading them, and what a client answers from one."""

from __future__ import annotations

import json
import logging
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from recording import reply
from samples import POINTER, RESOLVED, refusal, success
from scripted import KEY, URL, Clock, Stage, answer, lost, staged, status
from test_cache import DIFFERENT, SAME
from test_cache import key as key_of
from test_shared_cache import Memory, process

from to11ai_sdk import (
    Snapshot,
    To11aiApiError,
    To11aiError,
    To11aiNetworkError,
    To11aiResponseValidationError,
    create_client,
)
from to11ai_sdk._http.encoding import canonical
from to11ai_sdk.cache import PromptCache
from to11ai_sdk.cli import main
from to11ai_sdk.local import LocalTo11
from to11ai_sdk.models.rendered import ResolvedPrompt
from to11ai_sdk.prompt_keys import SparePrompts, key_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from recording import RecordingServer

ROOT = Path(__file__).parents[1]
CALL: dict[str, Any] = {"project_id": "p", "slug": "s", "labels": ["production"]}
TTL = 300.0


def text(words: str) -> Any:
    return answer({**RESOLVED, "rendered": {"format": "text", "text": words}})


def snapshot(words: str = "from the snapshot", **changes: Any) -> Snapshot:
    call = {**CALL, **changes}
    sets = {call["slug"]: call.pop("variables", None) or {}}
    return Snapshot.take(
        staged(text(words)).client,
        project_id=call["project_id"],
        labels=call["labels"],
        slugs=[call["slug"]],
        variables=sets,
    )


def stage(*steps: Any, of: Snapshot | None = None, first: bool = False, **keeping: Any) -> Stage:
    """A client with a snapshot."""
    clock = Clock()
    spares = SparePrompts(of or snapshot(), first=first)
    options = {"ttl_s": TTL, "max_entries": 100, "stale_if_error_s": 3600.0, **keeping}
    return staged(*steps, cache=PromptCache(spares=spares, clock=clock, **options), clock=clock, max_retries=0)


def resolved(one: Stage, **changes: Any) -> str:
    return one.client.prompts.resolve(**{**CALL, **changes}).messages[0].content


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]


@pytest.fixture
def to11() -> Iterator[LocalTo11]:
    """A project with a prompt without variables, one with some, and one that has no version yet."""
    with LocalTo11() as server, server.client() as client:
        for slug, template in (("plain", "Hello."), ("greeting", "Grüß {{ name }}"), ("draft", None)):
            prompt = client.prompts.create(project_id=server.project_id, name=slug, slug=slug)
            if template:
                version = client.prompts.create_version(
                    project_id=server.project_id,
                    prompt_id=prompt.id,
                    format="text",
                    template_json={"text": template},
                    variables_schema=None,
                )
                client.prompts.move_label(
                    project_id=server.project_id, prompt_id=prompt.id, label="production", version_id=version.id
                )
        yield server


def take(to11: LocalTo11, **options: Any) -> Snapshot:
    with to11.client() as client:
        return Snapshot.take(client, **{"project_id": to11.project_id, "labels": ["production"], **options})


# --- taking one


def test_it_holds_the_prompts_of_a_label_for_each_set_of_variables(to11: LocalTo11) -> None:
    one = take(to11, variables={"greeting": [{"name": "Ada"}, {"name": "Grace"}]})
    entries = one.to_dict()["prompts"]
    assert [(entry["slug"], entry["variables"], entry["prompt"]["rendered"]["text"]) for entry in entries] == [
        ("greeting", {"name": "Ada"}, "Grüß Ada"),
        ("greeting", {"name": "Grace"}, "Grüß Grace"),
        ("plain", {}, "Hello."),
    ]
    assert {(entry["projectId"], *entry["labels"]) for entry in entries} == {(to11.project_id, "production")}
    assert len(one) == 3


def test_prompts_that_need_variables_are_named_or_left_out(to11: LocalTo11) -> None:
    with pytest.raises(ValueError, match=r"prompts that cannot be rendered: greeting: .*'name' is undefined"):
        take(to11)
    one = take(to11, partial=True)
    assert (len(one), one.left_out) == (1, ("greeting",))
    assert len(take(to11, slugs=["plain"])) == 1


@pytest.mark.parametrize(
    ("options", "kind", "message"),
    [
        ({"labels": ["prodution"]}, ValueError, "no prompt of the project can be taken for the labels prodution"),
        ({"variables": {"greting": {}}}, ValueError, "no prompt to take has the slug 'greting'"),
        ({"variables": {"greeting": "Ada"}}, TypeError, "those of 'greeting' must be a mapping"),
        ({"variables": {"greeting": []}}, TypeError, "those of 'greeting' must be a mapping"),
        ({"variables": ["Ada"]}, TypeError, "must be a mapping by slug"),
        ({"slugs": ["greting"]}, To11aiApiError, "PROMPT_NOT_FOUND"),
        ({"labels": "production"}, TypeError, "labels"),
        ({"slugs": "plain"}, TypeError, "slugs must be a list"),
    ],
)
def test_a_mistake_makes_no_snapshot(to11: LocalTo11, options: Any, kind: type[Exception], message: str) -> None:
    with pytest.raises(kind, match=message):
        take(to11, **options)


def test_it_is_taken_past_the_cache_and_never_from_an_older_one(to11: LocalTo11) -> None:
    old = take(to11, slugs=["plain"])
    with to11.client(snapshot=old, snapshot_first=True, max_retries=0) as client:
        call = {"project_id": to11.project_id, "labels": ["production"], "slugs": ["plain"]}
        client.prompts.resolve(project_id=to11.project_id, slug="plain", labels=["production"])
        to11.fail_next(drop=True)
        with pytest.raises(To11aiNetworkError):
            Snapshot.take(client, **call)


def test_a_server_that_echoes_the_key_gets_it_into_no_snapshot() -> None:
    with pytest.raises(ValueError, match="hold the API key") as caught:
        snapshot(f"my key is {KEY}")
    assert KEY not in str(caught.value)


# --- the file


def test_a_file_is_the_same_each_time_and_is_read_as_what_was_written(to11: LocalTo11, tmp_path: Path) -> None:
    sets = {"greeting": [{"name": "Ada", "a": 1.0, "b": [True, None]}, {}]}
    path = tmp_path / "prompts.json"
    take(to11, variables=sets, partial=True).save(path)
    written = path.read_bytes()
    take(to11, variables={"greeting": sets["greeting"][:1]}).save(path)
    again = path.read_bytes()
    assert os.listdir(tmp_path) == ["prompts.json"]
    assert "Grüß Ada" in again.decode()
    assert to11.api_key.encode() not in again
    assert Snapshot.load(path).to_dict() == take(to11, variables={"greeting": sets["greeting"][0]}).to_dict()
    assert written.count(b'"slug"') == 1, "a prompt that fails with one set of variables is left out with all"


def test_a_file_that_cannot_be_written_leaves_the_old_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "prompts.json"
    path.write_text("old")
    path.chmod(0o600)

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(OSError, match="No space left"):
            snapshot().save(path)
    assert (os.listdir(tmp_path), path.read_text()) == (["prompts.json"], "old")
    snapshot().save(path)
    assert path.stat().st_mode & 0o777 == 0o600
    with pytest.raises(FileNotFoundError):
        snapshot().save(tmp_path / "no" / "prompts.json")


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "target")
    snapshot().save(tmp_path / "link")
    assert len(Snapshot.load(tmp_path / "target")) == 1
    assert (tmp_path / "link").is_symlink()


def changed(**members: Any) -> Any:
    """The content of a file whose one prompt was changed."""
    content = snapshot().to_dict()
    content["prompts"][0] = {**content["prompts"][0], **members}
    return content


def rendered(value: Any) -> Any:
    return changed(prompt={**RESOLVED, "rendered": value})


HOSTILE = {
    "empty": (b"", "not JSON, or cut off: Expecting value: line 1 column 1"),
    "cut off": (snapshot().to_bytes()[:200], r"not JSON, or cut off: .* line \d+ column \d+"),
    "not UTF-8": (b'{"formatVersion": "\xff"}', "not JSON, or cut off: byte 19 is not UTF-8"),
    "deep": (b"[" * 200_000, "not JSON, or cut off"),
    "long number": (b'{"formatVersion": ' + b"1" * 5000 + b"}", "not JSON|not a snapshot|format 1"),
    "NaN": (b'{"formatVersion": NaN}', "not a snapshot"),
    "a list": ([], "not a snapshot"),
    "another object": ({"prompts": []}, "not a snapshot"),
    "true": ({"formatVersion": True, "prompts": []}, "not a snapshot"),
    "later": ({"formatVersion": 2, "entries": []}, "format 2 is for another to11ai-sdk; update"),
    "more": ({"formatVersion": 1, "prompts": [], "apiKey": "x"}, "not a snapshot"),
    "no list": ({"formatVersion": 1, "prompts": {}}, "not a snapshot"),
    "no object": ({"formatVersion": 1, "prompts": [None]}, "prompt 1: its members"),
    "twice": ({"formatVersion": 1, "prompts": snapshot().to_dict()["prompts"] * 2}, "two prompts with the same"),
    "edited text": (rendered({"format": "text", "text": "edited"}), "prompt 1, 's': changed since it was taken"),
    "edited slug": (changed(slug="t"), "prompt 1, 't': changed since it was taken"),
    "edited variables": (changed(variables={"name": "Eve"}), "prompt 1, 's': changed"),
    "edited hash": (changed(sha256="0" * 64), "prompt 1, 's': changed"),
    "no hash": (changed(sha256=None), "prompt 1, 's': its members"),
    "another member": (changed(extra=1), "prompt 1, 's': its members"),
    "labels": (changed(labels="production"), "prompt 1, 's': its members"),
    "a label": (changed(labels=[["production"]]), "prompt 1, 's': its members"),
    "no prompt": (changed(prompt=None), "prompt 1, 's': its members"),
    "infinite": (b'{"formatVersion": 1, "prompts": [' + json.dumps(changed(variables={"x": 12321})["prompts"][0])
                 .replace("12321", "1e999").encode() + b"]}", "prompt 1, 's': not JSON"),
}  # fmt: skip


@pytest.mark.parametrize(("content", "message"), HOSTILE.values(), ids=HOSTILE)
def test_a_file_that_will_not_do_is_refused_when_the_client_is_made(content: Any, message: str, tmp_path: Path) -> None:
    path = tmp_path / "prompts.json"
    path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
    with pytest.raises(ValueError, match=f"^{re.escape(str(path))}: {message}") as caught:
        create_client(api_key=KEY, base_url=URL, snapshot=path)
    assert len(str(caught.value)) < 500


def test_a_prompt_that_no_server_sends_is_refused_like_such_a_reply() -> None:
    entry = {name: value for name, value in snapshot().to_dict()["prompts"][0].items() if name != "sha256"}
    entry["prompt"] = {**RESOLVED, "rendered": {"format": "text", "text": None}}
    content = {**entry, "sha256": sha256(canonical(entry).encode()).hexdigest()}
    of = Snapshot.from_dict({"formatVersion": 1, "prompts": [content]})
    with pytest.raises(To11aiResponseValidationError, match="rendered"):
        resolved(stage(lost(), of=of))


def test_a_huge_file_is_not_read_to_its_end(tmp_path: Path) -> None:
    path = tmp_path / "prompts.json"
    with path.open("wb") as file:
        file.truncate(1 << 40)
    with pytest.raises(ValueError, match=r"prompts\.json: more than 33554432 bytes"):
        Snapshot.load(path)
    with pytest.raises(ValueError, match="more than 33554432 bytes; take fewer"):
        snapshot("x" * 33554432).to_bytes()


@pytest.mark.parametrize(
    ("options", "kind", "message"),
    [
        ({"snapshot": "no-such-file.json"}, FileNotFoundError, "no-such-file.json"),
        ({"snapshot": b"prompts.json"}, TypeError, "snapshot must be a path, its content, or a Snapshot, not bytes"),
        ({"snapshot": ["prompts.json"]}, TypeError, "not list"),
        ({"snapshot": Snapshot}, TypeError, "not type"),
        ({"snapshot": {}}, ValueError, "snapshot: not a snapshot"),
        ({"snapshot_first": True}, ValueError, "snapshot_first needs a snapshot"),
        ({"snapshot": Snapshot(), "snapshot_first": 1}, TypeError, "snapshot_first must be a bool, not int"),
    ],
)
def test_an_argument_that_will_not_do_is_refused(options: Any, kind: type[Exception], message: str) -> None:
    with pytest.raises(kind, match=message):
        create_client(api_key=KEY, base_url=URL, **options)


def test_a_snapshot_may_be_a_path_its_content_or_itself(tmp_path: Path) -> None:
    snapshot().save(tmp_path / "prompts.json")
    path = tmp_path / "prompts.json"
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())  # as some editors do
    for source in (path, str(path), snapshot().to_dict(), snapshot()):
        with create_client(api_key=KEY, base_url=URL, snapshot=source, snapshot_first=True) as client:
            assert client.prompts.resolve(**CALL).messages[0].content == "from the snapshot"


# --- an outage


@pytest.mark.parametrize("failure", [lost(), lost(unsent=True, final=True), status(500), status(429)])
def test_in_an_outage_it_answers_with_one_warning(failure: Any, caplog: pytest.LogCaptureFixture) -> None:
    one = stage(failure)
    assert [resolved(one) for _ in range(3)] == ["from the snapshot"] * 3
    assert len(one.script.sent) == 1
    assert [line.partition(":")[0] for line in warnings(caplog)] == [
        "serving the snapshot's prompt 's' of project 'p', because the server did not give it"
    ]


def test_when_the_server_answers_again_so_does_the_client() -> None:
    one = stage(lost(), text("new"))
    assert resolved(one) == "from the snapshot"
    one.clock.now += TTL
    assert [resolved(one), resolved(one)] == ["new", "new"]
    assert len(one.script.sent) == 2


def test_the_server_is_asked_first_then_the_cache_then_the_snapshot_then_the_fallback() -> None:
    fallback = ResolvedPrompt.from_dict({**RESOLVED, "rendered": {"format": "text", "text": "fallback"}})
    one = stage(text("known"), lost())
    assert resolved(one, fallback=fallback) == "known"
    one.clock.now += TTL
    assert resolved(one, fallback=fallback) == "known"
    one.clock.now += 4000
    assert resolved(one, fallback=fallback) == "from the snapshot"
    assert resolved(one, fallback=fallback, variables={"other": 1}) == "fallback"
    with pytest.raises(To11aiNetworkError):
        resolved(one, variables={"other": 1})


def test_what_the_fleet_knows_comes_before_the_snapshot(caplog: pytest.LogCaptureFixture) -> None:
    store, clock = Memory(), Clock()
    assert resolved(process(store, text("of the fleet"), clock=clock)) == "of the fleet"
    spares = {"spares": SparePrompts(snapshot(), first=False)}
    one = process(store, lost(), clock=clock)
    one.cache._spares = spares["spares"]
    assert resolved(one) == "of the fleet"
    assert warnings(caplog) == []
    other = process(Memory(), lost(), clock=clock, max_retries=0)
    other.cache._spares = spares["spares"]
    assert resolved(other) == "from the snapshot"


def test_it_answers_no_call_that_the_server_refuses_and_none_after_that() -> None:
    for code in (401, 403, 404, 422):
        one = stage(status(code), lost())
        with pytest.raises(To11aiApiError):
            resolved(one)
        with pytest.raises(To11aiNetworkError):
            resolved(one)


@pytest.mark.parametrize("first", [True, False])
@pytest.mark.parametrize(
    ("changes", "served"),
    [({}, False), ({"label": "beta"}, True), ({"prompt_id": "pm_2"}, True), ({"project_id": "q"}, True)],
)
def test_a_label_that_this_client_moved_outdates_it(changes: Any, served: bool, first: bool) -> None:
    one = stage(answer(POINTER), lost(), first=first)
    move = {"project_id": "p", "prompt_id": RESOLVED["promptId"], "label": "production", "version_id": "pv_2"}
    one.client.prompts.move_label(**{**move, **changes})
    if served:
        assert resolved(one) == "from the snapshot"
        return
    with pytest.raises(To11aiNetworkError):
        resolved(one)


@pytest.mark.parametrize("keeping", [{"ttl_s": 0}, {"max_entries": 0}, {"max_entries": -1}, {"stale_if_error_s": 0}])
def test_it_answers_with_any_settings_of_the_cache(keeping: Any, caplog: pytest.LogCaptureFixture) -> None:
    one = stage(lost(), **keeping)
    assert [resolved(one), resolved(one)] == ["from the snapshot"] * 2
    assert len(warnings(caplog)) == 1
    one.clock.now += 5000
    assert resolved(one) == "from the snapshot"
    assert len(warnings(caplog)) == 2


def test_without_the_cache_it_answers_in_an_outage_only() -> None:
    one = stage(text("new"), lost(), first=True)
    assert resolved(one, cache=False) == "new"
    assert resolved(one, cache=False) == "from the snapshot"
    assert len(one.cache) == 0


def test_what_a_caller_does_to_a_prompt_changes_no_other() -> None:
    one = stage(lost())
    one.client.prompts.resolve(**CALL).messages[0].content = "changed"
    prompt = one.client.prompts.resolve(**CALL)
    prompt.labels.append("changed")
    assert resolved(one) == "from the snapshot"
    assert one.client.prompts.resolve(**CALL).labels == ["production"]


# --- which call it is


@pytest.mark.parametrize("changes", [{"slug": "t"}, {"labels": ["beta"]}, {"labels": []}, {"project_id": "q"},
                                     {"labels": ["production", "beta"]}, {"variables": {"x": 1}}])  # fmt: skip
def test_a_call_that_was_not_taken_is_not_answered(changes: Any) -> None:
    with pytest.raises(To11aiError):
        resolved(stage(lost()), **changes)


def test_the_order_of_labels_matters() -> None:
    one = stage(lost(), of=snapshot(labels=["beta", "production"]))
    assert resolved(one, labels=("beta", "production")) == "from the snapshot"
    with pytest.raises(To11aiError):
        resolved(one, labels=["production", "beta"])


def sets_of_variables(pairs: Any) -> list[Any]:
    return [
        pytest.param(one["variables"], other["variables"])
        for one, other in pairs
        if one.keys() == other.keys() == {"variables"} and None not in (key_of(**one), key_of(**other))
    ]


@pytest.mark.parametrize(("one", "other"), sets_of_variables(SAME))
def test_variables_that_are_the_same_json_are_the_same(one: Any, other: Any) -> None:
    for taken, asked in ((one, other), (other, one)):
        of = Snapshot.from_dict(json.loads(snapshot(variables=taken).to_bytes()))
        assert resolved(stage(lost(), of=of), variables=asked) == "from the snapshot"


@pytest.mark.parametrize(("one", "other"), sets_of_variables(DIFFERENT))
def test_variables_that_are_other_json_are_others(one: Any, other: Any) -> None:
    of = Snapshot.from_dict(json.loads(snapshot(variables=one).to_bytes()))
    with pytest.raises(To11aiError):
        resolved(stage(lost(), of=of), variables=other)


# --- the snapshot first


def test_the_first_call_asks_nobody_and_the_next_after_the_ttl_does(caplog: pytest.LogCaptureFixture) -> None:
    one = stage(text("new"), lost(), first=True)
    assert [resolved(one), resolved(one)] == ["from the snapshot"] * 2
    assert one.script.sent == []
    one.clock.now += TTL
    assert [resolved(one), resolved(one)] == ["new"] * 2
    assert len(one.script.sent) == 1
    one.clock.now += TTL
    assert resolved(one) == "new"
    assert len(warnings(caplog)) == 1


def test_what_is_newer_is_not_replaced_by_the_first_answer() -> None:
    one = stage(text("new"), first=True, max_entries=1)
    assert resolved(one) == "from the snapshot"
    assert resolved(one, slug="another") == "new"
    assert resolved(one) == "new"


@pytest.mark.parametrize("keeping", [{"ttl_s": 0}, {"max_entries": 0}])
def test_without_a_cache_only_the_first_call_asks_nobody(keeping: Any) -> None:
    one = stage(text("new"), first=True, **keeping)
    assert [resolved(one), resolved(one)] == ["from the snapshot", "new"]


def test_the_first_calls_of_many_threads_ask_nobody() -> None:
    one = stage(text("new"), first=True)
    together = threading.Barrier(16)

    def call() -> str:
        together.wait(60)
        return resolved(one)

    with ThreadPoolExecutor(16) as pool:
        answers = [future.result() for future in [pool.submit(call) for _ in range(16)]]
    assert answers == ["from the snapshot"] * 16
    assert one.script.sent == []


def overtaken_at(look: int) -> Stage:
    """A client whose first call, when it has looked this often for a prompt, is overtaken by another thread's."""
    looks = 0

    def overtaken() -> None:
        nonlocal looks
        looks += 1
        if looks == look:
            assert resolved(one) == "from the snapshot"

    class Spares(SparePrompts):
        def first(self, key: Any) -> Any:
            overtaken()
            found = super().first(key)
            overtaken()
            return found

    class Cache(PromptCache):
        def fresh(self, key: Any) -> Any:
            overtaken()
            found = super().fresh(key)
            overtaken()
            return found

    clock = Clock()
    spares = Spares(snapshot(), first=True)
    cache = Cache(spares=spares, ttl_s=TTL, max_entries=100, stale_if_error_s=3600.0, clock=clock)
    one = staged(text("new"), cache=cache, clock=clock)
    return one


@pytest.mark.parametrize("look", range(1, 7))
def test_a_first_call_that_another_overtakes_asks_nobody(look: int) -> None:
    one = overtaken_at(look)
    assert [resolved(one), resolved(one)] == ["from the snapshot"] * 2
    assert one.script.sent == []


def test_the_shared_cache_is_not_asked_first() -> None:
    class Forbidden:
        def get(self, name: str) -> object:
            raise AssertionError("asked")

        set = get

    one = process(Forbidden(), text("new"))
    one.cache._spares = SparePrompts(snapshot(), first=True)
    assert resolved(one) == "from the snapshot"
    assert one.script.sent == []


def child(code: str, *arguments: str) -> str:
    run = subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, cwd=ROOT, timeout=120, check=False
    )
    assert run.returncode == 0, run.stderr
    return run.stdout


def test_the_first_prompt_of_a_process_comes_without_the_network_or_its_modules(tmp_path: Path) -> None:
    snapshot().save(tmp_path / "prompts.json")
    found = child(
        """
import sys
def refuse(event, arguments):
    if event.startswith("socket."):
        raise SystemExit(f"{event} {arguments}")
sys.addaudithook(refuse)
from to11ai_sdk import create_client
client = create_client(
    api_key="a-key", base_url="https://api.to11.ai", snapshot=sys.argv[1], snapshot_first=True
)
print(client.prompts.resolve(project_id="p", slug="s", labels=["production"]).messages[0].content)
print(*sys.modules)
""",
        str(tmp_path / "prompts.json"),
    )
    words, modules = found.splitlines()
    assert words == "from the snapshot"
    network = {"urllib.request", "http.client", "ssl", "socket", "asyncio", "logging"}
    # On Python 3.10 and 3.11 Pydantic itself imports socket, to look for its plugins.
    models = child("import pydantic, sys; pydantic.create_model('Model', text=(str, ...)); print(*sys.modules)")
    assert network & {*modules.split()} <= {"socket"} & {*models.split()}


def test_a_process_that_starts_in_an_outage_has_its_prompt(tmp_path: Path, server: RecordingServer) -> None:
    snapshot().save(tmp_path / "prompts.json")
    server.will_send(reply(refusal(), 503))
    found = child(
        """
import sys
from to11ai_sdk import create_client
for url in sys.argv[2:]:
    with create_client(api_key="a-key", base_url=url, max_retries=0, snapshot=sys.argv[1]) as client:
        print(client.prompts.resolve(project_id="p", slug="s", labels=["production"]).messages[0].content)
""",
        str(tmp_path / "prompts.json"),
        server.url,
        "http://127.0.0.1:1",
        "http://name.invalid",
    )
    assert found == "from the snapshot\n" * 3
    assert len(server.seen) == 1


def test_a_client_without_a_snapshot_loads_none_of_it(server: RecordingServer) -> None:
    server.will_send(reply(success(RESOLVED)))
    code = """
import sys
from to11ai_sdk import create_client
create_client(api_key="a-key", base_url=sys.argv[1]).prompts.resolve(project_id="p", slug="s", labels=["production"])
print([name for name in sys.modules if "snapshot" in name])
"""
    assert child(code, server.url) == "[]\n"


# --- the command


def command(to11: LocalTo11, *argv: str) -> int:
    where = ("--api-key", to11.api_key, "--base-url", to11.base_url, "--project-id", to11.project_id)
    return main(["snapshot", *where, *argv])


def test_the_command_writes_what_a_client_reads(
    to11: LocalTo11, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, sets = tmp_path / "prompts.json", tmp_path / "variables.json"
    sets.write_text('{"greeting": [{"name": "Ada"}, {"name": "Grace"}]}')
    assert command(to11, "--label", "production", "--variables", f"@{sets}", "-o", str(path)) == 0
    assert capsys.readouterr() == (f"{path}: 3 prompts\n", "")
    with create_client(api_key=KEY, base_url="http://127.0.0.1:1", max_retries=0, snapshot=path) as client:
        call = {"project_id": to11.project_id, "labels": ["production"]}
        found = client.prompts.resolve(slug="greeting", variables={"name": "Grace"}, **call)
    assert found.messages[0].content == "Grüß Grace"


def test_the_command_names_what_it_leaves_out(to11: LocalTo11, capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    assert command(to11, "--label", "beta", "--label", "production", "--partial") == 0
    out, err = capsysbinary.readouterr()
    assert [entry["labels"] for entry in json.loads(out)["prompts"]] == [["beta", "production"]]
    assert err == b"left out, because it cannot be rendered with these variables: greeting\n"
    assert command(to11, "--label", "production", "--slug", "plain", "--slug", "greeting") == 2
    assert b"that cannot be rendered: greeting" in capsysbinary.readouterr().err
    assert command(to11, "--label", "production", "--slug", "plain", "-o", "no/such/folder") == 2
    assert b"no/such/folder cannot be written: No such file or directory" in capsysbinary.readouterr().err


def test_the_command_writes_to_no_file_named_dash(
    to11: LocalTo11, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert command(to11, "--label", "production", "--slug", "plain", "-o", "-") == 0
    assert capsysbinary.readouterr() == (take(to11, slugs=["plain"]).to_bytes(), b"")
    assert os.listdir(tmp_path) == []
    monkeypatch.setattr(sys, "stdout", None)  # closed before the start
    assert command(to11, "--label", "production", "--slug", "plain", "-o", "-") == 0


@pytest.mark.parametrize(("name", "shown"), [("\x1b[2J.json", r"\x1b[2J.json"), ("\udcff.json", r"\udcff.json")])
def test_the_name_of_the_file_is_printed_safely(
    name: str, shown: str, to11: LocalTo11, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / name
    try:
        path.touch()
    except OSError:
        pytest.skip("this system has no such names")
    assert command(to11, "--label", "production", "--slug", "plain", "-o", str(path)) == 0
    assert capsys.readouterr() == (f"{tmp_path / shown}: 1 prompt\n", "")


# --- interrupted


class Struck(Mapping[str, Any]):
    """A value during whose reading a signal comes."""

    def __getitem__(self, name: str) -> Any:
        raise KeyError(name)

    def __len__(self) -> int:
        return 0

    def __iter__(self) -> Iterator[str]:
        signal.raise_signal(signal.SIGUSR1)
        return iter(())


def raise_struck(number: int, frame: object) -> None:
    raise ValueError("struck")


@pytest.fixture
def striking() -> Iterator[None]:
    before = {number: signal.signal(number, raise_struck) for number in (signal.SIGUSR1, signal.SIGPROF)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.usefixtures("striking")
@pytest.mark.skipif(not hasattr(signal, "SIGPROF"), reason="needs the signals of POSIX")
def test_what_a_signal_handler_raises_is_not_taken_for_a_mistake_in_a_snapshot(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"^struck$"):
        key_text(("p", "s", (Struck(),), None))  # type: ignore[arg-type]
    content = snapshot().to_dict()
    content["prompts"][0]["variables"] = {"a": Struck()}
    with pytest.raises(ValueError, match=r"^struck$"):
        Snapshot.from_dict(content)
    path = tmp_path / "large.json"
    path.write_text(f"[{'1,' * 8_000_000}1]", "ascii")
    signal.setitimer(signal.ITIMER_PROF, 0.1)
    with pytest.raises(ValueError, match=r"^struck$"):
        Snapshot.load(path)


def test_arguments_that_no_call_takes_have_no_name() -> None:
    assert key_text(("p", "s", (object(),), None)) == ""  # type: ignore[arg-type]


def test_a_reply_that_is_no_prompt_leaves_the_snapshot_as_it_is() -> None:
    one = stage(answer({"slug": "s"}), lost())
    with pytest.raises(To11aiResponseValidationError):
        resolved(one)
    assert resolved(one) == "from the snapshot"
