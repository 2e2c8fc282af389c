from __future__ import annotations

import copy
import inspect
import pickle
import ssl
import subprocess
import sys
import textwrap
import threading
import time
from typing import Any

import pytest
from recording import KEY, reply
from samples import PROMPT, RESOLVED, success

from to11ai_sdk import (
    ProjectEnvironmentResource,
    PromptResource,
    RoutingRuleReleaseResource,
    RoutingRuleVersionResource,
    To11aiClient,
    create_client,
)
from to11ai_sdk._http.process_safety import importing
from to11ai_sdk.resources.table import ENDPOINTS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from recording import RecordingServer

URL = "https://api.to11.ai"


def test_the_arguments_and_their_defaults() -> None:
    parameters = inspect.signature(create_client).parameters.values()
    assert {parameter.kind for parameter in parameters} == {inspect.Parameter.KEYWORD_ONLY}
    assert {parameter.name: parameter.default for parameter in parameters} == {
        "api_key": inspect.Parameter.empty,
        "base_url": inspect.Parameter.empty,
        "timeout_s": 30.0,
        "max_retries": 3,
        "ttl_seconds": 300,
        "max_cache_entries": 100,
        "behavior_overrides": None,
        "total_timeout_s": None,
        "stale_if_error_s": 3600.0,
        "ssl_context": None,
        "default_headers": None,
        "shared_cache": None,
        "shared_cache_timeout_s": 0.05,
        "snapshot": None,
        "snapshot_first": False,
    }


# fmt: off
WRONG_VALUES = [
    ("api_key", ""), ("api_key", "  "), ("api_key", "a\nb"), ("base_url", ""), ("base_url", "api.to11.ai"),
    ("timeout_s", 0), ("timeout_s", -1.0), ("timeout_s", float("nan")), ("timeout_s", float("inf")),
    ("timeout_s", 1e10), ("timeout_s", 10**400), ("api_key", "clé"),
    ("max_retries", -1), ("total_timeout_s", 0), ("total_timeout_s", float("nan")),
    ("ttl_seconds", float("nan")), ("stale_if_error_s", float("nan")),
]
WRONG_TYPES = [
    ("api_key", None), ("api_key", b"key"), ("base_url", None), ("base_url", 7),
    ("timeout_s", "30"), ("timeout_s", True), ("timeout_s", None),
    ("max_retries", 3.0), ("max_retries", True), ("max_retries", None), ("max_retries", "3"),
    ("total_timeout_s", "60"), ("total_timeout_s", False),
    ("ttl_seconds", "300"), ("ttl_seconds", None), ("ttl_seconds", True),
    ("max_cache_entries", 100.0), ("max_cache_entries", None), ("max_cache_entries", "100"),
    ("stale_if_error_s", None), ("stale_if_error_s", "1"),
    ("behavior_overrides", "abc"), ("behavior_overrides", 5), ("ssl_context", "x"), ("ssl_context", True),
]
# fmt: on


@pytest.mark.parametrize(("name", "value"), WRONG_VALUES)
def test_a_value_that_will_not_do_is_refused_by_name(name: str, value: Any) -> None:
    with pytest.raises(ValueError, match=f"^{name} must ") as caught:
        create_client(**{"api_key": "k", "base_url": URL, name: value})
    if not isinstance(value, str):
        assert str(caught.value).lower().endswith(f", not {value}")


@pytest.mark.parametrize(("name", "value"), WRONG_TYPES)
def test_a_value_of_the_wrong_type_is_refused_by_name(name: str, value: Any) -> None:
    with pytest.raises(TypeError, match=f"^{name} must be "):
        create_client(**{"api_key": "k", "base_url": URL, name: value})


@pytest.mark.parametrize("name", ["api_key", "base_url"])
def test_key_and_url_are_needed(name: str) -> None:
    arguments = {"api_key": "k", "base_url": URL}
    del arguments[name]
    with pytest.raises(TypeError, match=name):
        create_client(**arguments)


@pytest.mark.parametrize(
    "options",
    [
        {"ttl_seconds": 0},
        {"ttl_seconds": -1},
        {"ttl_seconds": float("inf")},
        {"max_cache_entries": 0},
        {"max_cache_entries": -1},
        {"stale_if_error_s": 0},
        {"timeout_s": 1},
        {"total_timeout_s": 0.1},
        {"max_retries": 0},
        {"ssl_context": ssl.create_default_context()},
        {"behavior_overrides": {}},
    ],
)
def test_values_at_the_edge_will_do(options: Any) -> None:
    with create_client(api_key="k", base_url=URL, **options) as client:
        assert isinstance(client, To11aiClient)


@pytest.mark.parametrize(
    ("name", "value", "kind"),
    [
        ("timeout_s", 0, ValueError),
        ("timeout_s", "1", TypeError),
        ("max_retries", -1, ValueError),
        ("max_retries", 1.0, TypeError),
        ("total_timeout_s", -1, ValueError),
        ("total_timeout_s", True, TypeError),
    ],
)
def test_with_options_checks_too(name: str, value: Any, kind: type[Exception]) -> None:
    with create_client(api_key="k", base_url=URL) as client, pytest.raises(kind, match=f"^{name} must be "):
        client.with_options(**{name: value})


def test_the_namespaces() -> None:
    with create_client(api_key="k", base_url=URL) as client:
        assert type(client.prompts) is PromptResource
        assert type(client.project_environments) is ProjectEnvironmentResource
        assert type(client.routing_rules.versions) is RoutingRuleVersionResource
        assert type(client.routing_rules.releases) is RoutingRuleReleaseResource


def test_threads_that_ask_first_together_get_one_namespace() -> None:
    with create_client(api_key="k", base_url=URL) as client:
        got: list[object] = []
        with importing.lock:
            other = threading.Thread(target=lambda: got.append(client.prompts))
            other.start()
            time.sleep(0.1)
            mine = client.prompts
        other.join()
        assert got == [mine]


def test_a_client_shows_where_it_calls() -> None:
    with create_client(api_key=KEY, base_url=f"{URL}///") as client:
        assert repr(client) == str(client) == "<To11aiClient https://api.to11.ai>"
        assert KEY not in repr(client.prompts) + repr(vars(client.prompts))


@pytest.mark.parametrize("url", ["https://user:hunter2@api.to11.ai", "https://api.to11.ai/?key=hunter2"])
def test_what_may_be_a_secret_is_not_repeated(url: str) -> None:
    for name, value in (("base_url", url), ("api_key", "hunter2\n")):
        with pytest.raises(ValueError, match=f"^{name} must ") as caught:
            create_client(**{"api_key": "k", "base_url": URL, name: value})
        assert "hunter2" not in str(caught.value)


def test_an_argument_that_there_is_not_is_named() -> None:
    with pytest.raises(TypeError, match="'api_ky'"):
        create_client(api_ky="k", base_url=URL)  # type: ignore[call-arg]
    with create_client(api_key="k", base_url=URL) as client:
        with pytest.raises(TypeError, match="'timeout'"):
            client.with_options(timeout=3)  # type: ignore[call-arg]
        with pytest.raises(TypeError, match="'promptid'"):
            client.prompts.get(project_id="p", promptid="q")  # type: ignore[call-arg]


def test_a_client_that_was_never_initialized_can_be_looked_at() -> None:
    bare = To11aiClient.__new__(To11aiClient)
    assert repr(bare) == str(bare) == "<To11aiClient without a server>"
    with pytest.raises(TypeError, match="cannot be copied"):
        copy.copy(bare)
    with pytest.raises(TypeError, match="cannot be pickled"):
        pickle.dumps(bare)


def test_a_closed_client_calls_again(server: RecordingServer) -> None:
    server.will_send(reply(success(PROMPT)))
    client = server.client()
    client.close()
    with client:
        client.prompts.get(project_id="pr_1", prompt_id="pm_1")
    client.prompts.get(project_id="pr_1", prompt_id="pm_1")
    client.close()
    client.close()
    assert len(server.seen) == 2


def test_a_block_closes_the_client_also_after_an_exception(server: RecordingServer) -> None:
    def interrupted() -> None:
        with server.client() as client:
            client.prompts.resolve(project_id="pr_1", slug="s", labels=["a"])
            raise KeyError("from the block")

    with pytest.raises(KeyError, match="from the block"):
        interrupted()
    assert len(server.seen) == 1


def test_a_base_url_may_have_a_path(server: RecordingServer) -> None:
    server.will_send(reply(success(PROMPT)))
    server.url += "/proxy/to11/"
    with server.client() as client:
        client.prompts.get(project_id="pr_1", prompt_id="pm_1")
    assert server.seen[0].target == "/proxy/to11/v1/projects/pr_1/prompts/pm_1"


def test_two_clients_share_nothing(server: RecordingServer) -> None:
    server.will_send(reply(success(RESOLVED, sdkBehavior={"v": 1, "flags": {"sdk.x": 1}})))
    with server.client() as one, server.client() as other:
        one.prompts.resolve(project_id="pr_1", slug="s", labels=["a"])
        assert other.resolve_behavior("sdk.x", 0) == 0
        other.prompts.resolve(project_id="pr_1", slug="s", labels=["a"])
    assert len(server.seen) == 2


def test_no_adapter_is_built_before_a_reply_is_read() -> None:
    program = f"""
        from to11ai_sdk import create_client
        from to11ai_sdk.resources.table import ENDPOINTS
        client = create_client(api_key="k", base_url="http://127.0.0.1:1", max_retries=0)
        assert len(ENDPOINTS) == {len(ENDPOINTS)}
        assert not any("result" in vars(row) or "parameters" in vars(row) for row in ENDPOINTS.values())
        import sys
        assert "pydantic" not in sys.modules
        try:
            client.prompts.get(project_id="p", prompt_id="")
        except ValueError:
            pass
        assert "pydantic" not in sys.modules
    """
    subprocess.run([sys.executable, "-c", textwrap.dedent(program)], check=True)
