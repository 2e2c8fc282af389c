"""Templates of prompts: what they render to, what is refused, and that none can stop the server."""

from __future__ import annotations

import hashlib
import json
import time
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import pytest
from examples import examples
from hypothesis import given, settings
from hypothesis import strategies as st

from to11ai_sdk import ResolvedPrompt
from to11ai_sdk.local.problems import Problem
from to11ai_sdk.local.templates import rendering
from to11ai_sdk.local.templates.rendering import Rendered, check_template

if TYPE_CHECKING:
    from collections.abc import Iterator

NOW = datetime(2026, 6, 17, 1, 30, 5, 600_000, tzinfo=timezone(timedelta(hours=2)))
ANYTHING: dict[str, Any] = {}


def render(kind: str, template: Any, declared: Any, variables: dict[str, Any]) -> Rendered:
    return rendering.render(kind, template, declared, variables, NOW)


def text(source: str, declared: Any = ANYTHING, /, **variables: Any) -> str:
    rendered: str = render("text", {"text": source}, declared, variables).payload["text"]
    return rendered


def chat(*blocks: dict[str, Any], **variables: Any) -> Rendered:
    return render("chat", {"messages": list(blocks)}, {}, variables)


def block(content: str, role: str = "user", **more: Any) -> dict[str, Any]:
    return {"role": role, "content": content, **more}


def schema(*required: str, **properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(required)}


def when(variable: str, literal: Any) -> dict[str, Any]:
    return {"kind": "expr", "ast": {"op": "==", "left": {"var": variable}, "right": {"literal": literal}}}


def refused(call: Any, *arguments: Any) -> Problem:
    with pytest.raises(Problem) as caught:
        call(*arguments)
    return caught.value


def outcome(call: Any, *arguments: Any) -> str | None:
    """The code of the problem that a call ends in, if any; other exceptions are not caught."""
    try:
        call(*arguments)
    except Problem as problem:
        return problem.code
    return None


# Liquid


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("Hi {{name}}, {{ name }}, {{  name  }}!", "Hi Ada, Ada, Ada!"),
        ("{{ html }}", "<b>\"A\" & 'B'</b>"),
        ("{{ count }} {{ price }} {{ yes }} {{ nothing }}.", "3 2.5 true ."),
        ("{{ items }}", '["é", 1, {"a": null}]'),
        ("{{ user }} {{ user.name }}", '{"name": "Ada"} Ada'),
        ("{% echo items %}", '["é", 1, {"a": null}]'),
        ("{{ user | append: '!' }}", '{"name": "Ada"}!'),
        ("{{ 'items: ' | append: items }}", 'items: ["é", 1, {"a": null}]'),
        ("{{ 'a,b' | split: ',' }}", '["a", "b"]'),
        ("{% for item in items %}[{{ item }}]{% endfor %}", '[é][1][{"a": null}]'),
        ("{% for pair in user %}{{ pair }}{{ pair[0] }}{% endfor %}", '["name", "Ada"]name'),
        ("{% for n in (1..3) reversed %}{{ n }}{% else %}none{% endfor %}", "321"),
        ("{% if yes and count > 2 %}A{% else %}B{% endif %}", "A"),
        ("{% assign x = name | upcase %}{% capture y %}<{{ x }}>{% endcapture %}{{ y }}", "<ADA>"),
        ("{% liquid\n assign x = 1\n echo x\n%}", "1"),
        ("{% raw %}{{ name }} {% if {% endraw %}{% comment %}{{ gone }}{% endcomment %}", "{{ name }} {% if "),
        ("{{ missing | default: 'you' }}", "you"),
        ("{{ items | join: ', ' | replace: 'é', 'e' }}", 'e, 1, {"a": null}'),
        ("{{ items | size }} {{ items.size }} {{ items.first }}", "3 3 é"),
        ("{{ items | uniq | size }} {{ '<p>x</p>' | strip_html }} {{ '2026-01-31' | date: '%Y' }}", "3 x 2026"),
        ("{{ (1..3) }}", "1..3"),
        ("no tags, { or } or %}", "no tags, { or } or %}"),
        ("a\r\nb\rc{% capture x %}-\r{% endcapture %}{{ x }}", "a\r\nb\rc-\r"),
        ("", ""),
    ],
)
def test_what_liquid_renders_to(source: str, expected: str) -> None:
    variables = {
        "name": "Ada",
        "html": "<b>\"A\" & 'B'</b>",
        "count": 3,
        "price": 2.5,
        "yes": True,
        "nothing": None,
        "items": ["é", 1, {"a": None}],
        "user": {"name": "Ada"},
    }
    check_template("text", {"text": source}, {})
    assert text(source, **variables) == expected


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("{{ topic }}", "text: line 1: 'topic' is undefined"),
        ("line\n\n{{ user.nick }}", "text: line 3: user.nick is undefined"),
        ("{% if topic %}x{% endif %}", "'topic' is undefined"),
        ("{% for x in topic %}{% endfor %}", "'topic' is undefined"),
        ("{{ topic | date: '%Y' }}", "'topic' is undefined"),
        ("{{ topic | upcase | default: 'x' }}", "'topic' is undefined"),
        ("{{ 'a' | append: topic }}", "'topic' is undefined"),
        ("{{ now }}", "'now' is undefined"),
        ("{{ 1 | divided_by: 0 }}", "can't divide by 0"),
        ("{{ 'x' | replace }}", "replace"),
        ("{{ infinite | plus: 0 | ceil }}", "line 1: the filter 'plus' cannot calculate with inf"),
    ],
)
def test_what_cannot_be_rendered_names_the_reason(source: str, message: str) -> None:
    problem = refused(render, "text", {"text": source}, {}, {"user": {"name": "Ada"}, "infinite": float("inf")})
    assert (problem.status, problem.code) == (422, "TEMPLATE_RENDER_FAILED")
    assert message in problem.message
    assert problem.details["field"] == "text"


@pytest.fixture(params=["Asia/Tokyo", "EST5EDT"])
def elsewhere(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A machine in another time zone."""
    monkeypatch.setenv("TZ", request.param)
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        ("now", "2026-06-16 23:30:05 +0000 UTC 1781652605 %s"),
        ("today", "2026-06-16 23:30:05 +0000 UTC 1781652605 %s"),
        ("10:00", "2026-06-16 10:00:00 +0000 UTC 1781604000 %s"),
        ("10:00 EST", "2026-06-16 10:00:00 +0000 UTC 1781604000 %s"),
        ("May 2", "2026-05-02 00:00:00 +0000 UTC 1777680000 %s"),
        ("2026-01-01T10:00+02:00", "2026-01-01 10:00:00 +0200 UTC+02:00 1767254400 %s"),
        ("1152098955", "2006-07-05 11:29:15 +0000 UTC 1152098955 %s"),
        (1152098955, "2006-07-05 11:29:15 +0000 UTC 1152098955 %s"),
        (10**40, str(10**40)),
        ("tomorrow", "tomorrow"),
        (None, ""),
    ],
)
@pytest.mark.usefixtures("elsewhere")
def test_a_date_is_told_by_the_clock_and_in_utc(moment: Any, expected: str) -> None:
    assert text("{{ moment | date: '%Y-%m-%d %H:%M:%S %z %Z %s %%s' }}", moment=moment) == expected


def test_text_that_is_not_unicode_is_an_error_of_the_template() -> None:
    assert refused(render, "text", {"text": "{{ a }}"}, {}, {"a": "\ud800"}).code == "TEMPLATE_RENDER_FAILED"


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("{{ name", "line 1: '{{' is not closed with '}}'"),
        ("\n{% if x", "line 2: '{%' is not closed with '%}'"),
        ("{% raw %}{{ x }}", "'{% raw %}' is not closed with '{% endraw %}'"),
        ("{% if x %}", "endif"),
        ("{{ }}", "expected"),
        ("{{ x | shout }}", "unknown filter 'shout'"),
        ("{% include 'other' %}", "unexpected tag 'include'"),
        ("{% render 'other' %}", "unexpected tag 'render'"),
        ("{% if (1..9) contains 'x' %}{% endif %}", "'contains' does not take a range"),
        ("{{ x }}" * 5001, "has more than 5000 tags"),
        ("x" * 500_001, "is longer than 500000 characters"),
        ("{{" + " " * 101 + "x }}", "100 blanks in a row"),
    ],
)
def test_what_is_no_template(source: str, message: str) -> None:
    problem = refused(check_template, "text", {"text": source}, {})
    assert (problem.status, problem.code, problem.details["field"]) == (422, "TEMPLATE_INVALID", "text")
    assert message in problem.message


LOOP = "{% for i in (1..9999999) %}"
HOSTILE = [
    "{{ 'x' " + "| replace: 'x', 'xxxxxxxxxx' " * 12 + "}}",
    "{% assign a = 'x' %}" + "{% assign a = a | append: a %}" * 40,
    "{% assign a = 'x,y' | split: ',' %}" + "{% assign a = a | concat: a %}" * 40,
    "{% assign a = 99999999999 %}" + "{% assign a = a | times: a %}" * 40,
    "{% for i in (1..1000000000) %}{% endfor %}",
    "{% for i in (1..1000000000) reversed limit: 1 %}{% endfor %}",
    "{% for i in (1..1000000000) offset: 900000000 limit: 1 %}{% endfor %}",
    "{% assign r = (1..1000000000) %}{% if r contains 'x' %}{% endif %}",
    "{{ (1..1000000000) | join: '' }}",
    "{{ many | join: long }}",
    "{% for i in (1..300) %}" * 4 + "{% if true %}{% endif %}" + "{% endfor %}" * 4,
    "{% for i in (1..1000) %}{% for j in (1..1000) %}{% if long contains 'z' %}{% endif %}{% endfor %}{% endfor %}",
    "{% for i in (1..2000) %}{{ long }}{% endfor %}",
    "{{ many | uniq }}",
    "{{ comments | strip_html }}",
    "{% for i in (1..50) %}{{ shuffled | sort | size }}{% endfor %}",
    "{% for i in (1..50) %}{{ shuffled | sort_natural | size }}{% endfor %}",
    "{% for i in (1..100) %}{{ same | sort | uniq | size }}{% endfor %}",
    "{% for i in (1..1000) %}{{ records | where: 'name', long | size }}{% endfor %}",
    "{% assign e = long %}" + "{% assign e = e | replace: 'y', '&' | escape | escape | escape %}" * 9,
    "{% for i in (1..1000) %}{% if objects == copies %}{% endif %}{% endfor %}",
    LOOP + "{% if " + "false or " * 200 + "false %}{% endif %}{% endfor %}",
    LOOP + "{% if " + "1==2 or " * 200 + "1==2 %}{% endif %}{% endfor %}",
    LOOP + "{% cycle " + "1, " * 3_000 + "1 %}{% endfor %}",
    LOOP + "{% case 1 %}{% when " + "2," * 4_000 + "2 %}{% endcase %}{% endfor %}",
    LOOP + "{{ many" + ".size.x" * 1_200 + " | default: 1 }}{% endfor %}",
    LOOP + "{{ 1" + "|abs" * 2_000 + " }}{% endfor %}",
    "{% case (1..2) %}" + "{% when 1,2,3,4,5,6,7,8 %}" * 4_000 + "{% endcase %}" + "{{ a" * 2,
    "{{ 'now' | date: form }}",
    "{% assign n = 1.5 %}{% for i in (1..99999999) %}{% assign n = n | times: n | modulo: 7.5 %}{% endfor %}",
    "{% assign n = 7 %}" + "{% assign n = n | times: n %}" * 40 + "{{ n | divided_by: 3 }}",
    "{{ digits | plus: 1 }}",
    "{{ 'x' | slice: digits }}",
    "{% for i in (1..99999) %}{% cycle long, long %}{% endfor %}",
    "{% for i in (1..digits) %}{% endfor %}",
    "{% for i in (1..100000) %}{{ long | split: 'y' | size }}{% endfor %}",
    "{{" * 100_000,
    "{% raw %}" * 50_000,
    "{{" + " " * 100_000 + "}}",
    "{%" + "a" * 100_000,
    "{{ " + "[" * 5_000 + " }}",
    "{% if true %}" * 2_000,
    "{% if " + "a or " * 1_900 + "a %}{% endif %}",
]


@pytest.mark.parametrize("source", HOSTILE, ids=lambda source: source[:40])
def test_a_hostile_template_is_refused_in_time(source: str) -> None:
    variables = {"long": "y" * 100_000, "many": list(range(10_000)), "comments": "<!--" * 20_000, "a": False}
    shuffled = [f"{(number * 7919) % 20_011:05d}" for number in range(20_000)]
    records = [{"name": "y" * 99_999} for _ in range(5)]
    more = {"shuffled": shuffled, "same": ["x" * 500] * 200, "records": records, "form": "%999Y" * 20_000}
    objects = [{"n": number % 7, "m": [number]} for number in range(3_000)]
    more |= {"objects": objects, "copies": [dict(each) for each in objects]}
    variables |= {**more, "digits": "9" * 90_000}
    started = time.thread_time()
    problem = refused(render, "text", {"text": source}, {}, variables)
    assert time.thread_time() - started < 20
    assert problem.code in ("TEMPLATE_INVALID", "TEMPLATE_RENDER_FAILED")


def test_an_ordinary_large_template_is_rendered() -> None:
    row = "{% if row.ok %}{{ row.name | upcase }}: {{ row.tags | join: ', ' }}{% endif %}\n"
    rows = [{"ok": True, "name": f"n{index}", "tags": ["a", "b"]} for index in range(2_000)]
    rendered = text("x" * 100_000 + "{% for row in rows %}" + row + "{% endfor %}", rows=rows)
    assert rendered.endswith("N1999: a, b\n")


def test_all_blocks_share_one_budget() -> None:
    blocks = [block("{{ long }}") for _ in range(30)]
    assert len(chat(*blocks[:5], long="y" * 100_000).payload["messages"]) == 5
    problem = refused(lambda: chat(*blocks, long="y" * 100_000))
    assert problem.code == "TEMPLATE_RENDER_FAILED"
    assert "output stream limit" in problem.message


PIECES = st.sampled_from(
    [
        *("{{", "}}", "{%", "%}", "{{ a }}", "{{ b | ", "if a", "{% if a %}", "{% endif %}", "{% for x in b %}", "-%}"),
        *(
            "{% endfor %}",
            "| upcase",
            "'",
            '"',
            "x",
            " ",
            "\n",
            "(1..9)",
            "default: ",
            "{% assign z = a %}",
            "z",
            "{%-",
        ),
        *("{% liquid", "{% raw %}", "{% endraw %}", "a.b[0]", "{{ b | join: a }}", "{% else %}", "\ud800"),
    ]
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda children: st.lists(children, max_size=3) | st.dictionaries(st.text(max_size=3), children, max_size=3),
    max_leaves=6,
)


@settings(max_examples=examples(300))
@given(st.lists(PIECES, max_size=12).map("".join) | st.text(), VALUES, VALUES)
def test_any_template_renders_or_is_a_problem(source: str, a: Any, b: Any) -> None:
    code = outcome(lambda: text(source, a=a, b=b))
    assert code in (None, "TEMPLATE_INVALID", "TEMPLATE_RENDER_FAILED")


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_values_are_rendered_as_they_are(value: str) -> None:
    assert text("[{{ value }}]", value=value) == f"[{value}]"


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="{")))
def test_text_without_tags_stays_as_it_is(source: str) -> None:
    assert text(source) == source


# Chat


def test_a_chat_prompt_keeps_its_order_and_shows_developers_as_users() -> None:
    rendered = chat(
        block("Be {{ mood }}.", "system"),
        block("Mind the style.", "developer"),
        block("Hello", "user"),
        block("Hi", "assistant"),
        mood="kind",
    )
    assert rendered.payload == {
        "format": "chat",
        "messages": [
            {"role": "system", "content": "Be kind."},
            {"role": "user", "content": "Mind the style."},
            {"role": "user", "content": "Hello"},
            {"role": "assistant", "content": "Hi"},
        ],
    }
    assert rendered.block_render_record == {}


def test_tools_and_disabled_blocks_are_no_messages() -> None:
    rendered = chat(
        {"role": "tool", "name": "search", "parameters": {"type": "object"}, "description": "{{ not Liquid"},
        {"role": "tool", "name": "now", "parameters": {}},
        {"role": "tool", "content": "an old tool"},
        block("{{ undefined }}", name="off", disabled=True),
        block("on", name="on", required=True, disabled=False),
    )
    assert rendered.payload["messages"] == [{"role": "user", "content": "on"}]
    assert rendered.block_render_record == {"on": "rendered"}


def test_a_block_whose_condition_is_false_is_dimmed() -> None:
    blocks = [
        block("pro", name="upsell", condition=when("plan", "free")),
        block("{{ undefined }}", condition=when("plan", "nobody")),
        block("always", name="other", condition={"kind": "var_eq", "anything": 1}),
        block("missing", name="null", condition=when("missing", None)),
    ]
    rendered = chat(*blocks, plan="pro")
    assert [message["content"] for message in rendered.payload["messages"]] == ["always", "missing"]
    assert rendered.block_render_record == {"upsell": "dimmed", "other": "rendered", "null": "rendered"}
    assert chat(*blocks, plan="free").block_render_record["upsell"] == "rendered"


def test_a_prompt_with_all_blocks_dimmed_has_no_messages() -> None:
    assert chat(block("x", condition=when("a", 1))).payload == {"format": "chat", "messages": []}


@pytest.mark.parametrize(
    ("template", "field"),
    [
        (None, "templateJson"),
        ({}, "messages"),
        ({"messages": {}}, "messages"),
        ({"messages": [{"role": "tool", "content": ""}] * 501}, "messages"),
        ({"messages": ["hi"]}, "messages.0"),
        ({"messages": [{"content": "hi"}]}, "messages.0.role"),
        ({"messages": [block("hi", "robot")]}, "messages.0.role"),
        ({"messages": [{"role": ["user"], "content": "hi"}]}, "messages.0.role"),
        ({"messages": [block("hi"), {"role": "user"}]}, "messages.1.content"),
        ({"messages": [{"role": "user", "content": [{"type": "text"}]}]}, "messages.0.content"),
        ({"messages": [block("hi"), block("{{ x")]}, "messages.1.content"),
        ({"messages": [block("hi", disabled="yes")]}, "messages.0.disabled"),
        ({"messages": [block("hi", required=1)]}, "messages.0.required"),
        ({"messages": [block("hi", name="")]}, "messages.0.name"),
        ({"messages": [block("hi", name="a"), block("ho", name="a")]}, "messages.1.name"),
        ({"messages": [block("hi", condition="plan")]}, "messages.0.condition"),
        ({"messages": [block("hi", condition={"kind": "expr"})]}, "messages.0.condition.ast"),
        (
            {"messages": [block("hi", condition={"kind": "expr", "ast": {"op": ">", "left": 1}})]},
            "messages.0.condition.ast.op",
        ),
        ({"messages": [{"role": "tool"}]}, "messages.0.content"),
        ({"messages": [{"role": "tool", "name": "x" * 201, "parameters": {}}]}, "messages.0.name"),
        ({"messages": [{"role": "tool", "name": "x"}]}, "messages.0.parameters"),
        ({"messages": [{"role": "tool", "name": "x", "parameters": {}, "description": 1}]}, "messages.0.description"),
    ],
)
def test_a_chat_template_is_refused_with_the_place(template: Any, field: str) -> None:
    for call in (check_template, lambda *arguments: render(*arguments, {})):
        problem = refused(call, "chat", template, {})
        assert (problem.status, problem.code, problem.details["field"]) == (422, "TEMPLATE_INVALID", field)
        assert problem.message.startswith(f"{field}: ")


def test_a_template_is_bounded_in_depth() -> None:
    def tool(levels: int) -> dict[str, Any]:
        return {"messages": [{"role": "tool", "name": "t", "parameters": deep(levels)}]}

    check_template("chat", tool(60), {})
    problem = refused(check_template, "chat", tool(61), {})
    assert (problem.code, problem.details["field"]) == ("TEMPLATE_INVALID", "templateJson")
    assert "nested deeper than 64 levels" in problem.message
    assert refused(check_template, "text", {"text": "", "note": deep(100_000)}, {}).code == "TEMPLATE_INVALID"


def test_disabled_blocks_may_hold_unfinished_liquid() -> None:
    check_template("chat", {"messages": [block("{{ draft", disabled=True)]}, {})


def test_a_text_template_needs_text_and_the_format_is_known() -> None:
    assert refused(check_template, "text", {"text": 1}, {}).details["field"] == "text"
    assert refused(check_template, "text", "Hi", {}).details["field"] == "templateJson"
    problem = refused(check_template, "html", {"text": ""}, {})
    assert (problem.status, problem.code) == (400, "INVALID_INPUT")
    assert "text, chat" in problem.message


def test_a_failure_in_a_block_names_its_place_and_name() -> None:
    problem = refused(lambda: chat(block("hi"), block("\n{{ topic }}", name="question")))
    assert problem.message == "messages.1.content: line 2: 'topic' is undefined"
    assert problem.details == {
        "field": "messages.1.content",
        "reason": "line 2: 'topic' is undefined",
        "block": "question",
    }


def test_the_hash_is_that_of_the_payload_in_canonical_json() -> None:
    rendered = chat(block("é {{ a }}"), a=1)
    canonical = '{"format":"chat","messages":[{"content":"é 1","role":"user"}]}'
    assert rendered.content_hash == "sha256:" + hashlib.sha256(canonical.encode()).hexdigest()
    assert chat(block("é {{ a }}"), a=1) == rendered
    assert chat(block("é {{ a }}"), a=2).content_hash != rendered.content_hash


def test_the_clients_model_reads_what_is_rendered() -> None:
    rendered = chat(block("Hi", name="greeting"))
    prompt = ResolvedPrompt.from_dict(
        {
            "promptId": "p",
            "versionId": "v",
            "version": 1,
            "labels": [],
            "contentHash": rendered.content_hash,
            "rendered": rendered.payload,
            "blockRenderRecord": rendered.block_render_record,
        }
    )
    assert prompt.messages[0].content == "Hi"


# Variables


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        ({"type": "text"}, "a", 1),
        ({"type": "string", "minLength": 2}, "ab", "a"),
        ({"type": "number"}, 1.5, "1.5"),
        ({"type": "number"}, 1, True),
        ({"type": "integer"}, 3, 3.5),
        ({"type": "boolean"}, False, 0),
        ({"type": "enum", "enum": ["a", "b"]}, "b", "c"),
        ({"type": "json"}, {"any": ["thing"]}, ...),
        ({"type": "array", "items": {"type": "text"}}, ["a"], [1]),
        ({"type": "date"}, "2026-01-31", "31.01.2026"),
        ({"type": "date"}, "2026-01-31", 20260131),
        ({"type": ["string", "null"]}, None, 1),
        ({"anyOf": [{"type": "text"}, {"type": "number"}]}, 1, False),
        ({"type": "object", "properties": {"a": {"type": "date"}}}, {"a": "2026-01-31"}, {"a": "no"}),
        ({"const": 5}, 5, 6),
        (True, "anything", ...),
        ({"$ref": "#/$defs/short"}, "ab", "abcd"),
    ],
)
def test_types_of_variables(kind: Any, good: Any, bad: Any) -> None:
    declared = {**schema("x", x=kind), "$defs": {"short": {"type": "text", "maxLength": 3}}}
    before = json.dumps(declared)
    check_template("text", {"text": "{{ x }}"}, declared)
    text("{{ x }}", declared, x=good)
    if bad is not ...:
        problem = refused(lambda: text("{{ x }}", declared, x=bad))
        assert (problem.status, problem.code) == (422, "VARIABLES_INVALID")
        assert problem.details["problems"][0]["path"].split(".")[0] == "x"
    assert json.dumps(declared) == before


def test_every_problem_is_listed_and_no_value_is_echoed() -> None:
    declared = schema(
        "name", "age", name={"type": "string"}, age={"type": "integer", "minimum": 18}, mail={"type": "text"}
    )
    problem = refused(lambda: text("", declared, age=7, mail={"secret": "hunter2"}))
    listed = {entry["path"]: entry["message"] for entry in problem.details["problems"]}
    assert listed == {
        "name": "is required",
        "age": "does not fit minimum: 18",
        "mail": "must be of type string",
    }
    assert "2 more in details.problems" in problem.message
    assert "hunter2" not in f"{problem.message} {problem.details}"


def test_a_missing_variable_is_named_by_its_whole_path() -> None:
    declared = schema("user", user={"items": schema("city", city={"type": "text"})})
    problem = refused(lambda: text("", declared, user=[{"city": "Rome"}, {}]))
    assert problem.details["problems"] == [{"path": "user.1.city", "message": "is required"}]
    assert problem.message.endswith("variable 'user.1.city': is required")
    assert text("{{ user }}", {"properties": {"user": {"required": ["city"]}}}, user="Ada") == "Ada"


def test_a_variable_may_be_forbidden() -> None:
    assert "that the schema forbids" in refused(lambda: text("", schema(x=False), x=1)).message


def test_a_long_list_of_problems_is_cut() -> None:
    declared = schema(x={"type": "array", "items": {"type": "text"}})
    problem = refused(lambda: text("", declared, x=[1] * 1000))
    assert len(problem.details["problems"]) == 20


def test_defaults_and_optional_variables() -> None:
    declared = schema(
        "tone",
        tone={"type": "text", "default": "kind"},
        nick={"type": "text"},
        user={
            "type": "object",
            "properties": {"city": {"type": "text", "default": "Rome"}, "street": {"type": "text"}},
        },
    )
    source = "{{ tone }}{{ nick }}{% if nick %}!{% endif %}{% if user %} {{ user.city }}{{ user.street }}{% endif %}"
    variables = {"user": {}}
    assert text(source, declared, **variables) == "kind Rome"
    assert text(source, declared) == "kind"
    assert text(source, declared, tone="dry", nick="A", user={"city": "Bari", "street": "?"}) == "dryA! Bari?"
    assert variables == {"user": {}}


def test_a_condition_sees_defaults() -> None:
    template = {"messages": [block("pro", condition=when("plan", "pro"))]}
    declared = schema(plan={"type": "text", "default": "pro"})
    assert len(render("chat", template, declared, {}).payload["messages"]) == 1


def test_names_that_are_not_declared_are_allowed_unless_told_otherwise() -> None:
    declared = schema(a={"type": "text"})
    assert text("{{ b }}", declared, b=1) == "1"
    problem = refused(lambda: text("", {**declared, "additionalProperties": False}, b=1))
    assert "'b' was unexpected" in problem.message


def test_an_empty_schema_is_no_constraint() -> None:
    check_template("text", {"text": ""}, {})
    assert text("{{ a }}", {}, a=[1]) == "[1]"


def test_the_editors_own_keys_change_nothing() -> None:
    declared = {
        **schema(a={"type": "text", "renderable": False, "label": "A"}),
        "$schema": "http://x/y",
        "$id": "http://z",
    }
    check_template("text", {"text": "{{ a }}"}, declared)
    assert text("{{ a }}", declared, a="x") == "x"


def deep(levels: int) -> dict[str, Any]:
    value: dict[str, Any] = {}
    for _ in range(levels):
        value = {"not": value}
    return value


@pytest.mark.parametrize(
    ("declared", "field", "message"),
    [
        ([], "variablesSchema", "properties': {...}}"),
        (0, "variablesSchema", "must be a JSON Schema object"),
        (deep(5_000), "variablesSchema", "nested deeper than 32 levels"),
        ({"type": "array"}, "variablesSchema.type", "must be 'object'"),
        (schema(x={"type": "colour"}), "variablesSchema.properties.x.type", "'colour' is no type; use one of string"),
        (schema(x={"type": 5}), "variablesSchema.properties.x.type", "'5' is no type"),
        (schema(x={"type": ["string", "hue"]}), "variablesSchema.properties.x.type", "'hue' is no type"),
        (schema(x={"type": "enum"}), "variablesSchema.properties.x.enum", "must list the values"),
        (schema(x={"items": {"type": "?"}}), "variablesSchema.properties.x.items.type", "'?' is no type"),
        (schema(x={"allOf": [{"type": "?"}]}), "variablesSchema.properties.x.allOf.0.type", "'?' is no type"),
        ({"required": "x"}, "variablesSchema.required", "is not of type 'array'"),
        (schema(x={"pattern": "("}), "variablesSchema.properties.x.pattern", "is not a 'regex'"),
        (schema(x={"pattern": "a{99999999999999999999}"}), "variablesSchema.properties.x.pattern", "is too large"),
        (schema(x={"$ref": "https://example.com/s.json"}), "variablesSchema.properties.x.$ref", "nothing is fetched"),
        ({"$ref": "file:///etc/passwd"}, "variablesSchema.$ref", "nothing is fetched"),
        (schema(x={"$ref": "#/$defs/gone"}), "variablesSchema.properties.x.$ref", "which is not in the schema"),
    ],
)
def test_what_is_no_variables_schema(declared: Any, field: str, message: str) -> None:
    for call in (check_template, lambda *arguments: render(*arguments, {})):
        problem = refused(call, "text", {"text": ""}, declared)
        assert (problem.status, problem.code) == (422, "VARIABLES_SCHEMA_INVALID")
        assert problem.details["field"] == field
        assert message in problem.message


def test_a_schema_that_never_ends_is_noticed() -> None:
    problem = refused(render, "text", {"text": ""}, {"allOf": [{"$ref": "#"}]}, {})
    assert "refers to itself without end" in problem.message
    twice = {f"d{n}": {"allOf": [{"$ref": f"#/$defs/d{n + 1}"}] * 2} for n in range(40)}
    endless = {"allOf": [{"$ref": "#/$defs/d0"}], "$defs": {**twice, "d40": {}}}
    assert "too many steps" in refused(render, "text", {"text": ""}, endless, {}).message


def test_variables_are_bounded_in_depth() -> None:
    value: Any = 1
    for _ in range(50):
        value = [value]
    assert "nested deeper than 32" in refused(render, "text", {"text": ""}, {}, {"x": value}).message


SCHEMA_KEYS = st.sampled_from(
    ["type", "properties", "required", "enum", "items", "allOf", "$ref", "default", "x", "minimum", "pattern"]
)
SCHEMAS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.sampled_from(["x", "text", "object", "json", "#", "#/x", "http:"]),
    lambda children: st.lists(children, max_size=3) | st.dictionaries(SCHEMA_KEYS, children, max_size=3),
    max_leaves=10,
)


@settings(max_examples=examples(300))
@given(SCHEMAS, st.dictionaries(st.sampled_from("xy"), VALUES))
def test_any_schema_is_applied_or_is_a_problem(declared: Any, variables: dict[str, Any]) -> None:
    code = outcome(check_template, "text", {"text": ""}, declared)
    assert code in (None, "VARIABLES_SCHEMA_INVALID")
    assert outcome(render, "text", {"text": ""}, declared, variables) in (code, "VARIABLES_INVALID")


TEMPLATE_KEYS = st.sampled_from(
    ["messages", "text", "role", "content", "name", "condition", "disabled", "kind", "ast", "op", "left", "var", "args"]
)
TEMPLATES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.sampled_from(["user", "tool", "expr", "and", "{{ x }}", "{{"]),
    lambda children: st.lists(children, max_size=3) | st.dictionaries(TEMPLATE_KEYS, children, max_size=4),
    max_leaves=10,
)


@settings(max_examples=examples(300))
@given(st.sampled_from(["text", "chat"]), TEMPLATES | st.lists(TEMPLATES).map(lambda blocks: {"messages": blocks}))
def test_any_json_is_a_template_or_a_problem(kind: str, template: Any) -> None:
    code = outcome(check_template, kind, template, {})
    assert code in (None, "TEMPLATE_INVALID")
    assert outcome(render, kind, template, {}, {"x": 1}) in (code, "TEMPLATE_RENDER_FAILED")
