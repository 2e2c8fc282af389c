"""Keeps resolved prompts in a file, for a client whose server cannot be asked."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from hashlib import sha256

from ._http.encoding import canonical
from ._http.exchange import MAX_BODY
from ._http.process_safety import from_handler
from .cache import warn_of_outage
from .json_types import is_array, is_mapping, is_object
from .prompt_keys import key_text, prompt_key

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from typing import Any

    from .client import To11aiClient
    from .errors import To11aiError
    from .prompt_keys import Key

FORMAT = 1
HASH = "sha256"
WARN_EVERY_S = 60.0  # for each prompt
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
        from .snapshot_taking import taken

        entries, left_out = taken(client, project_id, labels, slugs, variables or {}, partial=partial)
        return cls(({**entry, HASH: _hash(entry)} for entry in entries), left_out)

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
        # A lone surrogate, which UTF-8 cannot hold, becomes its escape in JSON.
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


class SparePrompts:
    """The prompts of a snapshot that the server has not outdated; with ``first`` each may be the first answer."""

    def __init__(self, snapshot: Snapshot, *, first: bool) -> None:
        entries = snapshot._entries  # pyright: ignore[reportPrivateUsage]
        self._entries = dict(entries)
        self._unanswered = dict.fromkeys(entries) if first else {}
        self._warn_at: dict[str, float] = {}

    def find(self, key: Key) -> Any:
        """Return the prompt of a key."""
        entry = self._entries.get(key_text(key))
        return entry and entry["prompt"]

    def first(self, key: Key) -> Any:
        """Return the prompt of a key if it may be the first answer."""
        return self.find(key) if self._unanswered and key_text(key) in self._unanswered else None

    def answered(self, key: Key) -> None:
        """Answer a key only in an outage from now on."""
        self._unanswered.pop(key_text(key), None)

    def in_outage(self, key: Key, error: To11aiError, now: float) -> Any:
        """Return the prompt of a key, and warn of the error."""
        name, prompt = key_text(key), self.find(key)
        if prompt is not None and now >= self._warn_at.get(name, now):
            self._warn_at[name] = now + WARN_EVERY_S
            warn_of_outage(key, error, "snapshot's")
        return prompt

    def drop(self, key: Key) -> None:
        """Stop serving the prompt of a key."""
        self._entries.pop(key_text(key), None)

    def forget(self, project_id: str, prompt_id: str, label: str | None) -> None:
        """Stop serving a prompt, for one label or all."""
        for name, entry in list(self._entries.items()):
            same = entry["projectId"] == project_id and entry["prompt"].get("promptId") == prompt_id
            if same and (label is None or label in entry["labels"]):
                self._entries.pop(name, None)


def spare_prompts(snapshot: Any, first: Any) -> SparePrompts:
    """Check the arguments of ``create_client``."""
    if not isinstance(first, bool):
        raise TypeError(f"snapshot_first must be a bool, not {type(first).__name__}")
    if snapshot is None:
        raise ValueError("snapshot_first needs a snapshot")
    if isinstance(snapshot, str | os.PathLike):
        snapshot = Snapshot.load(snapshot)  # pyright: ignore[reportUnknownArgumentType]
    elif is_mapping(snapshot):
        snapshot = Snapshot.from_dict(snapshot)
    if not isinstance(snapshot, Snapshot):
        raise TypeError(f"snapshot must be a path, its content, or a Snapshot, not {type(snapshot).__name__}")
    return SparePrompts(snapshot, first=first)


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
