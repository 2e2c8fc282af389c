"""Makes a project of the server like the files: shows the plan, asks, applies it, and says what was done."""

from __future__ import annotations

from operator import methodcaller
from threading import Lock
from typing import TYPE_CHECKING, Any

from ...errors import To11aiError
from .console import Progress, agreed, say, say_diff, say_step
from .folder import read_folder
from .names import first_renames
from .parallel import for_each
from .plan import plan_project
from .prompt_push import LeftAloneError, PromptPush, RewrittenError
from .record_changes import plan_records
from .record_lists import LISTS
from .refusals import ADVICE, find_refusals
from .version_history import stale_base

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from .folder import Project
    from .plan import PromptChange, PushPlan
    from .record_changes import RecordChange
    from .remote import RemoteReader

_MERGE = "if others have changed it since you pulled, pull, and merge their changes with yours."
_BACK = f"Labels go back to older versions. If you do not mean that: {_MERGE}"
_OWN_FAULT = (400, 404, 409, 422)
"""Statuses of errors that concern one prompt; after any other, nothing more is started."""


def push(server: RemoteReader, folder: Path, *, check: bool, yes: bool, prune: bool, reason: str | None) -> int:
    """Make the server what the files are, and return the exit code."""
    wanted = read_folder(folder)
    remote = server.read(Progress("reading"))
    plan = plan_project(wanted, remote, prune=prune)
    plan = plan._replace(refused=find_refusals(plan.prompts, wanted, remote, server))
    _show(plan)
    if check or not plan:
        say("The project differs from the files." if plan else "The project is what the files say.")
        return 2 if plan.refused else int(bool(plan))
    if not agreed("Apply these changes?", yes=yes):
        say("Nothing was changed.")
        return 1
    return _Push(server, wanted, reason, len(plan.records) + len(plan.prompts)).apply(plan)


def _show(plan: PushPlan) -> None:
    for record in plan.records:
        say_step(record.line)
        for text in record.details():
            say(f"    {text}")
    for change in plan.prompts:
        _show_prompt(change)
        if change.slug in plan.refused:
            say_step(f"! {change.file.path}: {plan.refused[change.slug]}")
    if any(change.goes_back for change in plan.prompts):
        say(_BACK)
    for text in plan.extra:
        say(f"Only on the server, and stays: {text}")
    if plan:
        say(f"Changes: {len(plan.records)} to labels and environments, {len(plan.prompts)} to prompts")


def _show_prompt(change: PromptChange) -> None:
    for line in change.lines():
        say_step(line)
    if change.wanted and change.present:
        say_diff(change.present.file.text, change.wanted.text, f"{change.slug}.liquid")
    if found := stale_base(change):
        base, label, number = found
        say(f"    This looks like an edit of version {base}, but {label} is at version {number}: {_MERGE}")


class _Push:
    """Applies a plan, and remembers what was done and what failed."""

    def __init__(self, server: RemoteReader, wanted: Project, reason: str | None, total: int) -> None:
        self.server = server
        self.wanted = wanted
        self.reason = reason
        self.total = total
        self.progress = Progress("applying")
        self.done: list[str] = []
        self.failed: list[str] = []
        self.stopped = False
        self.over = False
        self.running: set[str] = set()
        self.refused: dict[str, str] = {}
        self.steps: dict[str, PromptPush] = {}
        self.lock = Lock()

    def apply(self, plan: PushPlan) -> int:
        """Apply all changes, and return the exit code; an interruption is reported, too."""
        self.refused = plan.refused
        try:
            self._apply_records(plan.records)
            self._rename_first(plan.prompts)
            # What is renamed frees its name, so that comes first.
            self._apply_prompts([change for change in plan.prompts if change.present])
            self._apply_prompts([change for change in plan.prompts if not change.present])
        finally:
            self._report()
        return int(len(self.done) < self.total)

    def _report(self) -> None:
        with self.lock:
            self.over = True
            unknown = sorted(self.running)
        self.progress.close()
        if unknown:
            say(f"Not waited for, so perhaps applied, too: {', '.join(unknown)}")
        for text in self.failed:
            say(f"FAILED {text}")
        say(f"{len(self.done)} of {self.total} changes applied.")
        if len(self.done) < self.total:
            say("Run the same command again for the rest: it continues, and creates nothing twice.")

    def _finish(self, line: str) -> None:
        with self.lock:
            if self.over:
                return
            self.done.append(line)
            self.progress(len(self.done), self.total, line)

    def _fail(self, what: str, exc: Exception, advice: str = "") -> None:
        more = f"; {advice}" if advice not in str(exc) else ""  # "" is in any text
        self.failed.append(f"{what}: {exc}{more}")
        outage = isinstance(exc, To11aiError) and getattr(exc, "status_code", 0) not in _OWN_FAULT
        if outage or isinstance(exc, RewrittenError):
            self.stopped = True

    def _apply_records(self, records: list[RecordChange]) -> None:
        self.stopped = bool(records) and not self._are_as_planned(records)
        for change in records:
            if self.stopped:
                return
            self.running.add(change.line)
            try:
                self._apply_record(change)
                self._finish(change.line)
            except (To11aiError, ValueError) as exc:
                self._fail(f"{self._where(change)}{change.line}", exc)
            self.running.discard(change.line)

    def _where(self, change: RecordChange) -> str:
        line = self.wanted.lines.get(change.kind, {}).get(change.name)
        return f"{self.wanted.folder / LISTS[change.kind].file}:{line}: " if line else ""

    def _are_as_planned(self, records: list[RecordChange]) -> bool:
        present, _ = self.server.read_lists()
        for kind, rows in present.items():
            planned = [change for change in records if change.kind == kind and change.fields is not None]
            gone = [change for change in records if change.kind == kind and change.fields is None]
            same = planned == plan_records(kind, self.wanted.lists.get(kind, {}), rows)
            if not same or any(rows.get(change.name) != change.old for change in gone):
                self.failed.append(f"somebody changed the {kind} after the plan was made, so nothing was started")
        return not self.failed

    def _apply_record(self, change: RecordChange) -> None:
        prompts, environments = self.server.client.prompts, self.server.client.project_environments
        calls: dict[tuple[str, str], Any] = {
            ("labels", "create"): prompts.create_project_label,
            ("labels", "update"): prompts.update_project_label,
            ("labels", "archive"): prompts.delete_project_label,
            ("environments", "create"): environments.create,
            ("environments", "update"): environments.update,
            ("environments", "archive"): environments.archive,
        }
        verb = "archive" if change.fields is None else "create" if change.is_new else "update"
        name = {"label" if change.kind == "labels" else "slug": change.name}
        calls[change.kind, verb](project_id=self.server.project_id, **name, **(change.fields or {}))

    def _rename_first(self, changes: list[PromptChange]) -> None:
        for change, name in first_renames(changes):
            self._try(change, methodcaller("rename", name))

    def _apply_prompts(self, changes: list[PromptChange]) -> None:
        try:
            for_each(self._apply_prompt, changes, self._stop)
        except BaseException:
            self.stopped = True
            raise

    def _stop(self) -> None:
        self.stopped = True
        self.progress.close()
        say("Stopping: the changes under way are finished first. Press Ctrl-C again not to wait for them.")

    def _apply_prompt(self, change: PromptChange) -> None:
        """Apply the change of one prompt, unless the failure of another has stopped the push."""
        if step := self._try(change, PromptPush.apply):
            self._finish(str(step))

    def _try(self, change: PromptChange, action: Callable[[PromptPush], None]) -> PromptPush | None:
        """Return the change of a prompt after a step, or ``None`` if it, or an earlier one, has failed."""
        step = self.steps.setdefault(change.slug, PromptPush(self.server, change, self.reason))
        if self.stopped or step.failed:
            return None
        self.running.add(change.slug)
        try:
            action(step)
        except (To11aiError, LeftAloneError, ValueError) as exc:
            step.failed = True
            before = f" (done before: {', '.join(step.done)})" if step.done else ""
            advice = ADVICE.get(getattr(exc, "error_code", "")) or self.refused.get(change.slug, "")
            self._fail(f"{step.where}{before}", exc, advice)
        self.running.discard(change.slug)
        return None if step.failed else step
