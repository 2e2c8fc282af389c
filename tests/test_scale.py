"""What ``docs/scale.md`` shows is run: its Python, its adapters and its commands."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from pymemcache.test.utils import MockMemcacheClient
from scripted import lost
from services.redis import needs_redis
from test_readme import blocks, seed
from test_shared_cache import move, process, reply, requests, text

from to11ai_sdk.local import LocalTo11

if TYPE_CHECKING:
    from services.redis import RedisServer

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "scale.md").read_text("utf-8")


class ConditionalCheckFailedException(Exception):
    """As botocore names it."""


class Table:
    """The part of a DynamoDB table that the adapter uses."""

    class meta:
        class client:
            class exceptions:
                ConditionalCheckFailedException = ConditionalCheckFailedException

    def __init__(self) -> None:
        self.items: dict[str, Any] = {}

    def get_item(self, *, Key: Any, ConsistentRead: bool) -> Any:
        found = self.items.get(Key["name"])
        return {"Item": found} if found and ConsistentRead else {}

    def put_item(
        self,
        *,
        Item: Any,
        ConditionExpression: str = "",
        ExpressionAttributeNames: Any = None,
        ExpressionAttributeValues: Any = None,
    ) -> None:
        if ConditionExpression:
            assert ConditionExpression == "attribute_not_exists(#name) OR #until <= :now"
            assert ExpressionAttributeNames == {"#name": "name", "#until": "until"}
            found = self.items.get(Item["name"])
            if found and found["until"] > ExpressionAttributeValues[":now"]:
                raise ConditionalCheckFailedException
        self.items[Item["name"]] = Item

    def delete_item(self, *, Key: Any) -> None:
        self.items.pop(Key["name"], None)


def adapter(name: str) -> Any:
    names: dict[str, Any] = {}
    (code,) = [code for _, code in blocks("python", PAGE) if f"class {name}" in code]
    assert len(re.findall(r"^    .*\S", code, re.MULTILINE)) < 30
    exec(code, names)
    return names[name]


@pytest.mark.parametrize(
    ("name", "client"), [("MemcachedCache", MockMemcacheClient), ("DynamoCache", Table)], ids=["memcached", "DynamoDB"]
)
def test_the_adapters_of_the_page_share_lock_and_forget(name: str, client: Any) -> None:
    store = adapter(name)(client())
    first = process(store, reply("a"), lost())
    assert (text(first), text(process(store, lost())), requests(first)) == ("a", "a", 1)
    move(first)
    assert text(process(store, reply("b"))) == "b"
    assert store.set("lock", "x", ex=100, nx=True) is True
    assert not store.set("lock", "y", ex=100, nx=True)
    assert store.get("lock") in ("x", b"x")
    store.delete("lock")
    assert store.get("lock") is None


def test_a_value_of_the_table_that_has_expired_is_gone() -> None:
    store = adapter("DynamoCache")(Table())
    store.set("name", "old", ex=-1)
    assert store.get("name") is None
    assert store.set("name", "new", ex=100, nx=True) is True


def test_the_page_makes_a_client_that_shares(redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch) -> None:
    (code,) = [code for _, code in blocks("python", PAGE) if "create_client(" in code]
    with LocalTo11() as to11:
        seed(to11)
        monkeypatch.setenv("TO11_API_KEY", to11.api_key)
        code = code.replace("https://api.to11.ai", to11.base_url).replace("proj_abc123", to11.project_id)
        code = code.replace("6379", str(redis_server.port)).replace("port=", "socket_timeout=60, port=")
        code = code.replace("    shared_cache=", "    shared_cache_timeout_s=60, shared_cache=")
        for _ in range(2):
            names: dict[str, Any] = {}
            exec(code, names)
            names["client"].close()
            assert names["welcome"].messages[0].content == "Welcome."
        resolved = [request for request in to11.requests if request.path.endswith(":resolve")]
        assert len(resolved) == 1


def test_the_benchmark_of_the_page_shows_what_the_page_says(measured: None) -> None:
    needs_redis()
    (command,) = [line for _, block in blocks("bash", PAGE) for line in block.splitlines() if "bench.fleet" in line]
    _, *words = shlex.split(command.replace("10000", "64"))
    done = subprocess.run([sys.executable, *words], cwd=ROOT, capture_output=True, text=True, check=True)
    deployed, fresh, expired, hit = done.stdout.splitlines()
    asked, failed = re.findall(r"prompts: (\d+) requests, .* (\d+) failed calls", deployed)[0]
    # Each of 500 prompts may be asked for by somebody; on a busy machine by another, too.
    assert 300 <= int(asked) <= 640
    assert failed == "0"
    assert fresh == "the same in an outage, all prompts fresh: 0 requests, 0 failed calls"
    assert expired.endswith(" 0 failed calls")
    assert "<= 0.4 x a warm call to the API" in hit
