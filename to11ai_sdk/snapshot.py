"""Keeps resolved prompts in a file, for clients whose server cannot be asked."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from hashlib import sha256

from ._http.encoding import canonical
from ._http.exchange import MAX_BODY, REQUEST_ID
from ._http.process_safety import from_handler
from .errors import To11aiApiError, To11aiError
from .json_types import is_array, is_mapping, is_object, is_sequence
from .prompt_keys import key_text, prompt_key

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from typing import Any

    from .client import To11aiClient

FORMAT = 1
HASH = "sha256"
UNLABELLED = ("PROMPT_NOT_FOUND", "PROMPT_LABELS_NOT_FOUND")
_ENTRY = {"projectId": str, "slug": str, "labels": list, "variables": dict, "prompt": dict, HASH: str}


class Snapshot:
    """Resolved prompts, each with the project, slug, labels and variables that it was resolved for.

    Attributes:
        left_out: slugs that :meth:`take` left out.
    """

    def __init__(self, entries: Iterable[Mapping[str, Any]] = (), left_out: Iterable[str] = ()) -> None:
        self._entries = dict(sorted({_name(entry): entry for entry in entries}.items()))
        self.left_out: tuple[str, ...] = tuple(left_out)

    def __len__(self) -> int:
        return len(self._entries)

    @classmethod
    def take(
        cls,
        client: To11aiClient,
        *,
        project_id: str,
        labels: Sequence[str],
        slugs: Iterable[str] | None = None,
        variables: Mapping[str, Mapping[str, Any] | Sequence[Mapping[str, Any]]] | None = None,
        partial: bool = False,
    ) -> Snapshot:
        """Resolve prompts on the server, past all caches.

        Args:
            client: the client to ask with.
            project_id: id of the project.
            labels: the labels of the calls that it is for, in their order.
            slugs: the prompts to take; by default all to which one of the labels points.
            variables: by slug, the variables to render a prompt with, or a list of several sets.
            partial: whether to leave out prompts that cannot be rendered with these variables.

        Raises:
            ValueError: no prompt has such a label, or some cannot be rendered; names them.
        """
        sets = _sets(variables or {})
        wanted = _wanted(client, project_id, slugs)
        if unknown := ", ".join(repr(slug) for slug in sets.keys() - set(wanted)):
            raise ValueError(f"variables: no prompt to take has the slug {unknown:.300}")
        entries: list[dict[str, Any]] = []
        failed: dict[str, To11aiApiError] = {}
        for slug in wanted:
            try:
                entries += [_entry(client, project_id, slug, labels, given) for given in sets.get(slug, [{}])]
            except To11aiError as error:
                if isinstance(error, To11aiApiError) and error.status_code in (400, 422):
                    failed[slug] = error
                elif slugs is not None or slug in sets or not _is_unlabelled(error):
                    error.args = (f"the prompt {slug!r:.100}: {error}",)
                    raise
        if failed and not (partial and entries):
            raise ValueError(_advice(failed)) from next(iter(failed.values()))
        if not entries:
            raise ValueError(f"no prompt of the project can be taken for the labels {', '.join(labels):.300}")
        return cls(entries, failed)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Snapshot:
        """Read a file that :meth:`save` wrote, and check all of it.

        Raises:
            OSError: the file cannot be read.
            ValueError: it is not such a file, was changed or cut off, or is of a later version; says where.
        """
        if _is_special(path):
            raise ValueError(f"{path}: not a regular file")
        with open(path, "rb") as file:
            content = file.read(MAX_BODY + 1)
        if len(content) > MAX_BODY:
            raise ValueError(f"{path}: more than {MAX_BODY} bytes, the most that a snapshot has")
        try:
            found = json.loads(content.decode("utf-8-sig"))
        except (RecursionError, ValueError) as exc:
            if from_handler(exc):
                raise
            # The text of this one quotes the content.
            where = f"byte {exc.start} is not UTF-8" if isinstance(exc, UnicodeDecodeError) else exc
            raise ValueError(f"{path}: not JSON, or cut off: {where}") from None
        return cls.from_dict(found, str(path))

    @classmethod
    def from_dict(cls, content: Mapping[str, Any], place: str = "snapshot") -> Snapshot:
        """Check the content of such a file, which is at this ``place``; raises ``ValueError`` as :meth:`load` does."""
        version = content.get("formatVersion") if is_mapping(content) else None
        if type(version) is int and version != FORMAT:
            raise ValueError(f"{place}: format {version!r:.20} is for another to11ai-sdk; update it, or take a new one")
        entries = content.get("prompts") if type(version) is int else None
        if not is_array(entries) or len(content) != 2:
            raise ValueError(f"{place}: not a snapshot, which is an object with a formatVersion and a list of prompts")
        snapshot = cls(_checked(entries, place))
        if len(snapshot) != len(entries):
            raise ValueError(f"{place}: two prompts with the same project, slug, labels and variables")
        return snapshot

    def to_dict(self) -> dict[str, Any]:
        """Return what :meth:`save` writes, in the same order for the same prompts."""
        return {"formatVersion": FORMAT, "prompts": list(self._entries.values())}

    def to_bytes(self) -> bytes:
        """Return what :meth:`save` writes as JSON, at most 32 MiB."""
        # A lone surrogate becomes its escape.
        content = f"{json.dumps(self.to_dict(), indent=2, ensure_ascii=False)}\n".encode("utf-8", "backslashreplace")
        if len(content) > MAX_BODY:
            raise ValueError(f"the snapshot has more than {MAX_BODY} bytes; take fewer prompts")
        return content

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write it to a file, with prompts and variables in clear; if that fails, the old file stays."""
        content, target = self.to_bytes(), os.path.realpath(path)
        if _is_special(path):
            with open(path, "wb") as file:
                file.write(content)
            return
        unfinished = f"{target}.{os.urandom(4).hex()}.tmp"
        try:
            with open(unfinished, "xb") as file:
                with suppress(FileNotFoundError):
                    os.chmod(unfinished, os.stat(target).st_mode & 0o777)
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            os.replace(unfinished, target)
        finally:
            with suppress(FileNotFoundError):
                os.unlink(unfinished)


def _is_special(path: str | os.PathLike[str]) -> bool:
    """Return whether a path is a pipe, a device or a folder: not to be waited for or replaced."""
    return os.path.exists(path) and not os.path.isfile(path)


def _name(entry: Mapping[str, Any]) -> str:
    key = prompt_key(entry["projectId"], entry["slug"], entry["labels"], entry["variables"])
    return key_text(key) if key else ""


def _hash(entry: Mapping[str, Any]) -> str:
    return sha256(canonical({name: entry[name] for name in _ENTRY if name != HASH}).encode()).hexdigest()


def _checked(entries: list[Any], place: str) -> Iterator[dict[str, Any]]:
    for number, entry in enumerate(entries, 1):
        slug = entry.get("slug") if is_object(entry) else None
        where = f"{place}: prompt {number}" + (f", {slug!r:.100}" if isinstance(slug, str) else "")
        kinds: dict[str, Any] = {name: type(value) for name, value in entry.items()} if is_object(entry) else {}
        if kinds != _ENTRY or {*map(type, entry["labels"])} - {str}:
            raise ValueError(f"{where}: its members are not those of a snapshot; take it again")
        try:
            expected = _hash(entry)
        except (RecursionError, ValueError) as exc:
            if from_handler(exc):
                raise
            raise ValueError(f"{where}: not JSON: {exc}") from None
        if entry[HASH] != expected:
            raise ValueError(f"{where}: changed since it was taken: its {HASH} differs; take it again")
        yield entry


def _is_unlabelled(error: To11aiError) -> bool:
    # Some servers have the exact code in the details.
    details = getattr(error, "details", None)
    inner = details.get("code") if is_mapping(details) else None
    return getattr(error, "error_code", None) in UNLABELLED or inner in UNLABELLED


def _sets(variables: Mapping[str, Any]) -> dict[str, list[Mapping[str, Any]]]:
    if not is_mapping(variables):
        raise TypeError(f"variables must be a mapping by slug, not {type(variables).__name__}")
    found: dict[str, list[Mapping[str, Any]]] = {}
    for slug, given in variables.items():
        found[slug] = list(given) if is_sequence(given) else [given]
        if not found[slug] or not all(map(is_mapping, found[slug])):
            raise TypeError(f"variables: those of {slug!r:.100} must be a mapping, or a list of mappings")
    return found


def _wanted(client: To11aiClient, project_id: str, slugs: Iterable[str] | None) -> list[str]:
    if isinstance(slugs, str):
        raise TypeError("slugs must be a list, not one str")
    if slugs is None:
        prompts = client.prompts.iter(project_id=project_id)
        slugs = (prompt.slug for prompt in prompts if prompt.status != "archived")
    return list(dict.fromkeys(slugs))


def _entry(
    client: To11aiClient, project_id: str, slug: str, labels: Sequence[str], given: Mapping[str, Any]
) -> dict[str, Any]:
    from ._http.headers import SHORTEST_SECRET
    from .resources.table import ENDPOINTS

    row = ENDPOINTS["prompts.resolve"]
    variables = json.loads(canonical(given))
    call = {"project_id": project_id, "slug": slug, "labels": labels, "variables": variables or None}
    # Not client.prompts.resolve: in an outage that might give what an older snapshot has.
    prompt = client._send(row, call, row.cacheable)  # pyright: ignore[reportPrivateUsage]
    del prompt[REQUEST_ID]  # new each time, and noise in a diff
    entry = {"projectId": project_id, "slug": slug, "labels": labels, "variables": variables, "prompt": prompt}
    text = canonical(entry)
    key = client._transport.api_key  # pyright: ignore[reportPrivateUsage]
    if len(key) >= SHORTEST_SECRET and json.dumps(key)[1:-1] in text:
        raise ValueError(f"the prompt {slug!r:.100} or its variables hold the API key, which must not be in a snapshot")
    plain = json.loads(text)
    entry = {name: plain[name] for name in entry}
    return {**entry, HASH: _hash(entry)}


def _advice(failed: Mapping[str, To11aiApiError]) -> str:
    reasons = "; ".join(f"{slug}: {error}" for slug, error in failed.items())
    return (
        f"prompts that cannot be rendered: {reasons:.2000}; give their variables, name the slugs to take, or "
        "leave these out (partial)"
    )
