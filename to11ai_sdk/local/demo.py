"""Runs ``to11ai demo``: the SDK from a new prompt to its messages, step by step, each step checked."""

from __future__ import annotations

import ast
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..cli.console import safe
from ..client import create_client
from ..errors import To11aiApiError, To11aiError, To11aiNetworkError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Names = dict[str, Any]
    Seen = Callable[[], int | None]


@dataclass(frozen=True)
class Step:
    """One step of the demo.

    Attributes:
        title: its purpose.
        source: the code as a user would write it, run exactly as printed.
        proof: whether the step really happened, judged by the variables that the code has set.
        requests: how many requests it takes.
    """

    title: str
    source: str
    proof: Callable[[Names], bool]
    requests: int = 1


def answered_without_request(names: Names) -> bool:
    """Return whether the prompt is served from the cache, to a client with no time for any request."""
    hasty = names["client"].with_options(timeout_s=1e-6, max_retries=0)
    arguments = {name: names[name] for name in ("project_id", "slug", "variables")}
    again = hasty.prompts.resolve(labels=["production"], **arguments)
    try:
        hasty.prompts.resolve(labels=["production"], cache=False, **arguments)
    except To11aiNetworkError:
        return bool(again == names["resolved"] == names["again"])
    return False


STEPS: tuple[Step, ...] = (
    Step(
        "Connect",
        "client = create_client(api_key=api_key, base_url=base_url)\n",
        lambda names: names["client"] is not None,
        requests=0,
    ),
    Step(
        "Create a prompt",
        """\
prompt = client.prompts.create(project_id=project_id, name=name, slug=slug)
print(prompt.slug, "is", prompt.status)
""",
        lambda names: names["prompt"].slug == names["slug"],
    ),
    Step(
        "Give it a version: a chat template with variables",
        """\
version = client.prompts.create_version(
    project_id=project_id,
    prompt_id=prompt.id,
    format="chat",
    template_json={
        "messages": [
            {"role": "system", "content": "You welcome guests{% if vip %} with a free upgrade{% endif %}."},
            {"role": "user", "content": "My name is {{ name }}."},
        ]
    },
    variables_schema={
        "type": "object",
        "properties": {"name": {"type": "string"}, "vip": {"type": "boolean"}},
        "required": ["name", "vip"],
    },
)
print("version", version.version)
""",
        lambda names: names["version"].version == 1,
    ),
    Step(
        "Point the label `production` at it",
        """\
pointer = client.prompts.move_label(
    project_id=project_id, prompt_id=prompt.id, label="production", version_id=version.id
)
print(pointer.label, "points at version", version.version)
""",
        lambda names: names["pointer"].version_id == names["version"].id,
    ),
    Step(
        "Resolve it",
        """\
variables = {"name": "Grace", "vip": True}
resolved = client.prompts.resolve(
    project_id=project_id, slug=slug, labels=["production"], variables=variables
)
for message in resolved.messages:
    print(f"{message.role}: {message.content}")
""",
        lambda names: (
            [message.content for message in names["resolved"].messages]
            == ["You welcome guests with a free upgrade.", "My name is Grace."]
        ),
    ),
    Step(
        "Resolve it again: the cache answers, without a request",
        """\
again = client.prompts.resolve(
    project_id=project_id, slug=slug, labels=["production"], variables=variables
)
print("the same as before:", again == resolved)
""",
        answered_without_request,
        requests=0,
    ),
    Step(
        "Ask for a prompt that does not exist",
        """\
try:
    client.prompts.resolve(project_id=project_id, slug=slug + "-typo", labels=["production"])
except To11aiApiError as exc:
    error = exc
    print(f"{type(error).__name__}: {error.status_code} {error.error_code}")
""",
        lambda names: "error" in names and names["error"].error_code == "PROMPT_NOT_FOUND",
    ),
    Step(
        "Tidy up",
        """\
prompt = client.prompts.archive(project_id=project_id, prompt_id=prompt.id)
print(prompt.slug, "is", prompt.status)
""",
        lambda names: names["prompt"].status == "archived",
    ),
)


def local() -> int:
    """Run the demo on its own local to11 and return the exit code."""
    from . import LocalTo11

    with LocalTo11() as to11:
        print(f"A local to11 is listening on {to11.base_url}, with an empty project.")
        names = {"api_key": to11.api_key, "base_url": to11.base_url, "project_id": to11.project_id}
        return run({**names, "slug": "welcome-message", "name": "Welcome message"}, lambda: len(to11.requests))


def remote(base_url: str, api_key: str, project_id: str) -> int:
    """Run the demo on another server, with a prompt of a new name, and return the exit code."""
    print(f"Using the project {project_id} on {base_url}.")
    suffix = secrets.token_hex(4)
    names = {"api_key": api_key, "base_url": base_url, "project_id": project_id}
    return run({**names, "slug": f"welcome-message-{suffix}", "name": f"Welcome message {suffix}"}, lambda: None)


def run(names: Names, seen: Seen, steps: Sequence[Step] = STEPS) -> int:
    """Run the steps and print them; stop at the first failure.

    Args:
        names: the variables of the steps' code.
        seen: returns how many requests the server has received, ``None`` if they are not counted.
        steps: the steps.

    Returns:
        Exit code: 0 if every step really happened, else 1.
    """
    names.update(create_client=create_client, To11aiApiError=To11aiApiError, print=_print_safely)
    try:
        for number, step in enumerate(steps, 1):
            print(f"\n# {number}. {step.title}\n{transcript(step.source)}")
            problem = perform(step, names, seen)
            if problem:
                print(f"\nfailed at step {number}: {safe(problem)}")
                return 1
    finally:
        if "client" in names:
            names["client"].close()
    print(f"\nAll {len(steps)} steps happened as shown.")
    return 0


def _print_safely(*values: object) -> None:
    """Print what a server sent without letting it control the terminal."""
    print(*(safe(str(value)) for value in values))


def perform(step: Step, names: Names, seen: Seen) -> str | None:
    """Run one step, check it, and return what is wrong, if anything."""
    before = seen()
    try:
        exec(step.source, names)  # noqa: S102 - what is printed is what runs, or the transcript would be a claim
        after = seen()
        if before is not None and after is not None and after - before != step.requests:
            return f"it took {after - before} requests instead of {step.requests}"
        return None if step.proof(names) else "the result is not what it should be"
    except To11aiError as exc:
        return f"{type(exc).__name__}: {exc}"


def transcript(source: str) -> str:
    """Return code as an interactive Python session shows it."""
    starts = {statement.lineno for statement in ast.parse(source).body}
    return "\n".join(
        f"{'>>>' if number in starts else '...'} {line}" for number, line in enumerate(source.splitlines(), 1)
    )
