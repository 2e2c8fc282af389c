"""Makes the pages of what happens: recorded requests, traces of the gateway, and failures on demand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...json_types import is_array
from ...resources.table import ENDPOINTS
from .. import bounds
from ..http.failures import InjectedFailure
from ..problems import Problem, invalid
from . import snippets
from .call_messages import Said, reply_messages, request_messages
from .masking import masker, parsed, readable, without_keys
from .parts import Shown, go_to

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..http.owner_api import HasJson
    from .parts import Visit
    from .recording import RecordedCall

_PER_PAGE = 50
_IN_PIECES = "(not shown: together the pieces of this reply are a key)"
_FAILURES = {
    "429": "429 rate limited",
    "500": "500 internal error",
    "503": "503 unavailable",
    "401": "401 wrong key",
    "403": "403 forbidden",
    "404": "404 not found",
    "409": "409 conflict",
    "drop": "connection dropped",
    "delay": "late reply",
}
_NOTHING_ENTERED = {"kind": "429", "match": "", "times": "1", "delay_s": "0", "retry_after": "", "processed": ""}


def show_requests(visit: Visit) -> Shown:
    """Show the recorded requests, newest first."""
    recording = visit.parts.recording
    recording.prolong()
    calls = [] if visit.parts.is_worker else recording.calls()
    values = {"calls": calls, "is_on": recording.is_on, "is_worker": visit.parts.is_worker, "bounds": bounds}
    return Shown("requests.html", values)


def show_request(visit: Visit) -> Shown:
    """Show one recorded request."""
    visit.parts.recording.prolong()
    call = visit.parts.recording.find(visit.path["number"])
    if call is None:
        raise Problem(404, "NOT_RECORDED", "this request is not recorded, or not any more")
    return Shown("request.html", {"call": call, **_bodies(visit, call)})


def switch_recording(visit: Visit) -> Shown:
    """Start or stop recording, and go back."""
    visit.one_process()
    if visit.form.get("record") == "on":
        visit.parts.recording.start()
    else:
        visit.parts.recording.stop()
    return go_to("inspector/traces" if visit.form.get("back") == "traces" else "inspector/requests")


def show_traces(visit: Visit) -> Shown:
    """Show the calls of the gateway, newest first."""
    visit.parts.recording.prolong()
    page, recording = visit.number("page", 1), visit.parts.recording
    first = (page - 1) * _PER_PAGE
    spans = visit.parts.traces.recent(visit.parts.project_id, first + _PER_PAGE + 1)
    shown = [_span(span) for span in spans[first : first + _PER_PAGE]]
    recorded = {call.request_id for call in recording.calls()}
    values = {"spans": shown, "page": page, "has_more": len(spans) > first + _PER_PAGE, "recorded": recorded}
    values |= {"is_on": recording.is_on, "is_worker": visit.parts.is_worker, "bounds": bounds}
    return Shown("traces.html", {**values, "is_end": len(spans) >= bounds.MAX_SHOWN_TRACES})


def show_trace(visit: Visit) -> Shown:
    """Show one call of the gateway, with its messages if it was recorded."""
    spans = visit.parts.traces.recent(visit.parts.project_id, bounds.MAX_SHOWN_TRACES)
    found = next((each for each in spans if each.as_json()["spanId"] == visit.path["span_id"]), None)
    if found is None:
        raise Problem(404, "TRACE_NOT_FOUND", f"it is not among the newest {bounds.MAX_SHOWN_TRACES} calls")
    span = _span(found)
    call = visit.parts.recording.of_request(span["requestId"])
    bodies: dict[str, Any] = _bodies(visit, call) if call else {}
    return Shown("trace.html", {"span": span, "call": call, **bodies})


def _bodies(visit: Visit, call: RecordedCall) -> dict[str, Any]:
    """Return what is shown of a recorded call, without keys."""
    masked = masker(visit.parts.platform.main.api_key)
    body, reply = readable(call.body, masked), readable(call.reply, masked)
    copies = snippets.curl_and_python(call.method, call.path, call.query, call.headers, body)
    shown: dict[str, Any] = {"body": body, "reply": reply, "snippets": copies, "asked": [], "replied": []}
    if call.path.startswith("/v1/projects/"):
        return shown
    replied, is_safe = _replied(bytes(call.reply), masked)
    asked = [(role, without_keys(said)) for role, said in request_messages(body)]
    return {**shown, "asked": asked, "replied": replied, "reply": reply if is_safe else _IN_PIECES}


def _replied(content: bytes, masked: Callable[[str], str]) -> tuple[list[Said], bool]:
    """Return the messages of a reply without keys, and whether pieces of a stream are free of them, too."""
    text = content.decode("utf-8", "replace")
    safe = [(role, without_keys(masked(said))) for role, said in reply_messages(text)]
    in_pieces = parsed(text) is None and safe != reply_messages(without_keys(masked(text)))
    if safe and len(content) > bounds.MAX_RECORDED_BODY:
        role, said = safe[-1]
        safe[-1] = role, said[: -bounds.MAX_GIVEN_KEY] + "\n[cut]"  # it may end in a part of a key
    return safe, not in_pieces


def _span(span: HasJson) -> dict[str, Any]:
    """Return a span without keys: callers choose some of its texts."""
    return {name: _safe(value) for name, value in span.as_json().items()}


def _safe(value: Any) -> Any:
    if is_array(value):
        return [_safe(each) for each in value]
    return without_keys(value) if isinstance(value, str) else value


def show_failures(visit: Visit, problem: Problem | None = None) -> Shown:
    """Show the failures that wait for requests, and the form for more, with what was entered if that is refused."""
    queue = [] if visit.parts.is_worker else visit.parts.failures.waiting()
    values = {"queue": queue[:_PER_PAGE], "kinds": _FAILURES, "rows": sorted(ENDPOINTS), "bounds": bounds}
    values |= {"entered": {**_NOTHING_ENTERED, **visit.form}, "problem": problem, "is_worker": visit.parts.is_worker}
    return Shown("failures.html", values, problem.status if problem else 200)


def change_failures(visit: Visit) -> Shown:
    """Make the next requests fail, or none of them any more."""
    visit.one_process()
    if visit.form.get("do") == "clear":
        visit.parts.failures.clear()
        return go_to("inspector/failures")
    try:
        _add(visit)
    except Problem as exc:
        return show_failures(visit, exc)
    return go_to("inspector/failures")


def _add(visit: Visit) -> None:
    times = int(_between(visit.form, "times", 1, bounds.MAX_INJECTED_TIMES))
    if len(visit.parts.failures.waiting()) + times > bounds.MAX_INJECTED_TIMES:
        raise invalid(f"at most {bounds.MAX_INJECTED_TIMES} failures can wait; cancel those first", field="times")
    visit.parts.failures.add(_failure(visit), times)


def _failure(visit: Visit) -> InjectedFailure:
    form = visit.form
    kind, delay_s = form.get("kind", ""), _between(form, "delay_s", 0, bounds.MAX_INJECTED_DELAY_S)
    if kind not in _FAILURES:
        raise invalid(f"kind must be one of {', '.join(_FAILURES)}", field="kind")
    if kind == "delay" and delay_s == 0:
        raise invalid("a late reply needs a delay in seconds", field="delay_s")
    retry_after = form.get("retry_after", "").strip()
    try:
        return InjectedFailure(
            status=int(kind) if kind.isdigit() else None,
            delay_s=delay_s,
            drop=kind == "drop",
            headers={"Retry-After": retry_after} if retry_after else {},
            match=form.get("match") or None,
            processed=form.get("processed") == "on",
        )
    except ValueError as exc:
        raise invalid(str(exc)) from None


def _between(form: Any, name: str, lowest: float, highest: float) -> float:
    text = form.get(name, "").strip() or str(lowest)
    if len(text) < 9 and text.isascii() and text.replace(".", "", 1).isdigit() and lowest <= float(text) <= highest:
        return float(text)
    raise invalid(f"{name} must be a number from {lowest:g} to {highest:g}", field=name)
