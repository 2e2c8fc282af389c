from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

import pytest
from bound import Api, connection, send
from examples import examples
from hypothesis import given, settings
from hypothesis import strategies as st

from to11ai_sdk.local import LocalTo11
from to11ai_sdk.resources.table import ENDPOINTS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from http.client import HTTPConnection

    from to11ai_sdk.resources.endpoint import Endpoint
    from to11ai_sdk.resources.parameters import Parameter

TEXTS = st.text(max_size=8)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=6,
)
WORDS: dict[str, list[Any]] = {
    "slug": ["a", "prod", "qa"],
    "envSlug": ["prod", "qa"],
    "label": ["live", "production"],
    "labels": [["live"]],
    "name": ["A", "B"],
    "format": ["text", "chat"],
    "templateJson": [{"text": "{{ x }}"}],
    "variablesSchema": [{}],
    "snapshot": [{"endpoint": "chat", "strategy": "single"}],
    "strategy": ["single", "weighted"],
}


class Place:
    """A local to11 with something of everything in it, and a connection to it."""

    def __init__(self, to11: LocalTo11, opened: HTTPConnection) -> None:
        api = Api.of(to11)
        prompt, version = api.prompt("a", versions=1)
        api.prompts.move_label(prompt_id=prompt.id, label="live", version_id=version.id)
        api.environments.create(slug="qa", name="QA")
        rule_version = api.rule("r", 1)[0]
        self._headers = {"Authorization": f"Bearer {to11.api_key}"}
        self._opened = opened
        self._project_id = to11.project_id
        self._words = WORDS | {
            "prompt_id": [prompt.id],
            "rule_id": ["r"],
            "version_number": ["1"],
            "versionId": [version.id, rule_version],
            "weights": [[{"versionId": rule_version, "weight": 100}]],
        }

    def request(self, data: st.DataObject, row: Endpoint) -> tuple[int, Any]:
        path = {"project_id": self._project_id}
        query, body = {}, {}
        for parameter in row.parameters:
            if parameter.name == "project_id" or not (parameter.required or data.draw(st.booleans())):
                continue
            value = self._value(data, parameter)
            if parameter.place == "path":
                path[parameter.name] = quote(str(value).encode("utf-8", "surrogatepass"), safe="") or "%20"
            else:
                (query if parameter.place == "query" else body)[parameter.wire_name] = value
        pairs = {name: str(value).encode("utf-8", "surrogatepass") for name, value in query.items()}
        target = f"{row.path.format_map(path)}?{urlencode(pairs)}"
        reply = send(self._opened, row.method, target, json.dumps(body).encode(), self._headers)
        return reply.status, reply.json

    def _value(self, data: st.DataObject, parameter: Parameter) -> Any:
        words = self._words.get(parameter.wire_name) or self._words.get(parameter.name)
        return data.draw((st.sampled_from(words) | JSON) if words else JSON)


@pytest.fixture(scope="module")
def place() -> Iterator[Place]:
    with LocalTo11() as to11, connection(to11) as opened:
        yield Place(to11, opened)


@settings(max_examples=examples(400))
@given(data=st.data(), row=st.sampled_from(list(ENDPOINTS.values())))
def test_whatever_is_sent_is_answered_or_refused_in_good_order(
    place: Place, data: st.DataObject, row: Endpoint
) -> None:
    status, envelope = place.request(data, row)
    assert status < 500, envelope
    assert envelope["success"] is (status == 200)
    if status == 200:
        row.read(envelope)
    else:
        assert envelope["error"]["code"] == envelope["error"]["details"]["code"]
        assert envelope["error"]["message"]
