"""A browser's requests to the inspector without a browser, and a project to look at."""

from __future__ import annotations

import http.client
import re
from html import unescape
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlencode, urljoin, urlsplit

if TYPE_CHECKING:
    from collections.abc import Mapping

    from to11ai_sdk import To11aiClient

HTML = "text/html,application/xhtml+xml,*/*;q=0.8"
SCHEMA = {"type": "object", "properties": {"name": {"type": "string"}, "plan": {"type": "string"}}}


class Seen(NamedTuple):
    status: int
    headers: dict[str, str]
    text: str

    @property
    def words(self) -> str:
        """What people read of it."""
        return unescape(" ".join(re.sub(r"<[^>]*>", " ", self.text).split()))


class Visitor:
    """Sends what a browser sends, and keeps its cookie."""

    def __init__(self, base_url: str) -> None:
        self.base_url = base_url
        self.cookie = ""
        self._csrf = ""

    def send(self, method: str, path: str, body: str = "", headers: Mapping[str, str] | None = None) -> Seen:
        parts = urlsplit(self.base_url)
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port or 0, timeout=60)
        cookie = {"Cookie": self.cookie} if self.cookie else {}
        try:
            connection.request(method, path, body.encode(), {"Accept": HTML, **cookie, **(headers or {})})
            reply = connection.getresponse()
            seen = Seen(reply.status, {k.lower(): v for k, v in reply.getheaders()}, reply.read().decode())
        finally:
            connection.close()
        if "location" in seen.headers:
            seen.headers["location"] = urljoin(path, seen.headers["location"])
        self.cookie = seen.headers.get("set-cookie", self.cookie).partition(";")[0]
        found = re.search(r'name="csrf" value="([0-9a-f]+)"', seen.text)
        self._csrf = found[1] if found else self._csrf
        return seen

    def get(self, path: str) -> Seen:
        return self.send("GET", path)

    def post(self, path: str, headers: Mapping[str, str] | None = None, **form: str) -> Seen:
        return self.send("POST", path, urlencode({"csrf": self._csrf, **form}), headers)

    def sign_in(self, key: str) -> Visitor:
        assert self.post("/inspector/sign-in", key=key).status == 303
        assert self.get("/").status == 200
        return self


def chat_template(system: str, user: str) -> dict[str, Any]:
    return {"messages": [{"role": "system", "content": system}, {"role": "user", "content": user}]}


def fill(client: To11aiClient, project_id: str) -> str:
    """Make what the pages show; return the id of a prompt with two versions and three moves."""
    made = [_prompt(client, project_id, *names) for names in NAMES]
    rules = client.routing_rules
    trial = rules.versions.create(project_id=project_id, rule_id="chat-default", snapshot=TRIAL, description="A trial")
    plain = rules.versions.create(project_id=project_id, rule_id="chat-default", snapshot=PLAIN)
    shares: list[dict[str, Any]] = [{"versionId": trial.id, "weight": 40}, {"versionId": plain.id, "weight": 60}]
    where = {"project_id": project_id, "rule_id": "chat-default"}
    rules.releases.set(**where, env_slug="prod", strategy="weighted", weights=shares, reason="careful start")
    rules.releases.set(**where, env_slug="staging", strategy="single", version_id=trial.id)
    return made[-1]


NAMES = [("Support triage", "support-triage"), ("Summary of calls", "call-summary"), ("Welcome", "welcome")]
PLAIN = {"endpoint": "chat", "strategy": "single", "target": {"providerId": "openai", "modelId": "gpt-5-mini"}}
TRIAL = {
    "endpoint": "chat",
    "strategy": "weighted",
    "variants": [
        {"name": "small", "weight": 70, "target": {"providerId": "openai", "modelId": "gpt-5-mini"}},
        {"name": "claude", "weight": 30, "target": {"providerId": "anthropic", "modelId": "claude-haiku-4-5"}},
    ],
}
TEMPLATES = [
    chat_template("You work for Acme.\nAnswer in one paragraph.\nNever promise a date.", "Welcome {{ name }}."),
    chat_template(
        "You work for Acme.\nAnswer in two short paragraphs.\nNever promise a date.\nSign as Acme.",
        "Welcome {{ name }} to the plan {{ plan }}.",
    ),
]


def _prompt(client: To11aiClient, project_id: str, name: str, slug: str) -> str:
    prompts = client.prompts
    prompt = prompts.create(project_id=project_id, name=name, slug=slug, tags=["mail"], description="For new people.")
    where = {"project_id": project_id, "prompt_id": prompt.id}
    versions = [
        prompts.create_version(
            **where,
            format="chat",
            template_json=template,
            variables_schema=SCHEMA,
            model_config={"model": "gpt-5-mini", "temperature": 0.3 + place},
            changelog=("First draft", "Two paragraphs, signed")[place],
        ).id
        for place, template in enumerate(TEMPLATES)
    ]
    prompts.move_label(**where, label="production", version_id=versions[0], reason="launch")
    prompts.move_label(**where, label="staging", version_id=versions[1])
    prompts.move_label(**where, label="production", version_id=versions[1], reason="better in the trial")
    return prompt.id
