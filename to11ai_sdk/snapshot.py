"""Keeps resolved prompts in a file, for a client whose server cannot be asked."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from hashlib import sha256

from ._http.encoding import canonical
from ._http.exchange import MAX_BODY
from ._http.process_safety import from_handler
from .json_types import is_array, is_mapping, is_object
from .prompt_keys import variables_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from typing import Any, NoReturn

    from .client import To11aiClient
    from .prompt_keys import Key

FORMAT = 1
HASH = "sha256"
_ENTRY = {"projectId": str, "slug": str, "labels": list, "variables": dict, "prompt": dict, HASH: str}
_OPTIONAL = {"labels": list, "releaseId": str, "blockRenderRecord": dict, "subjectHash": str, "variantName": str}
_PROMPT = {"promptId": str, "versionId": str, "version": (int, float), "contentHash": str, "rendered": dict}


class Snapshot:
    """Resolved prompts, each with the project, slug, labels and variables that it was resolved for.

    Attributes:
        left_out: slugs that :meth:`take` left out.
    """

    def __init__(self, entries: Iterable[Mapping[str, Any]] = (), left_out: Iterable[str] = ()) -> None:
        self._entries = dict(sorted((_name_of_entry(entry), entry) for entry in entries))
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
        with open(path, "rb") as file:
            content = file.read(MAX_BODY + 1)
        if len(content) > MAX_BODY:
            raise ValueError(f"{path}: more than {MAX_BODY} bytes, the most of a snapshot")
        try:
            found = json.loads(content.decode("utf-8-sig"), parse_constant=_refuse_constant)
        except (RecursionError, ValueError) as exc:
            if from_handler(exc):
                raise
            # The text of this one quotes the content.
            where = f"byte {exc.start} is not UTF-8" if isinstance(exc, UnicodeDecodeError) else exc
            raise ValueError(f"{path}: not JSON, or cut off: {where}") from None
        return cls.from_dict(found, str(path))

    @classmethod
    def from_dict(cls, content: Mapping[str, Any], place: str = "snapshot") -> Snapshot:
        """Check the content of such a file, which is at this ``place``."""
        version = content.get("formatVersion") if is_mapping(content) else None
        if type(version) is int and version != FORMAT:
            raise ValueError(f"{place}: format {version}, of another to11ai-sdk; update this one, or take it again")
        entries = content.get("prompts") if type(version) is int else None
        if not is_array(entries) or len(content) != 2:
            raise ValueError(f"{place}: no snapshot, which is an object of a formatVersion and a list of prompts")
        snapshot = cls(_checked(entries, place))
        if len(snapshot) != len(entries):
            raise ValueError(f"{place}: two prompts with the same project, slug, labels and variables")
        return snapshot

    def to_dict(self) -> dict[str, Any]:
        """Return what :meth:`save` writes, in an order that depends only on the content."""
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
        unfinished = f"{target}.{os.urandom(4).hex()}.tmp"
        try:
            with open(unfinished, "xb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            with suppress(FileNotFoundError):
                os.chmod(unfinished, os.stat(target).st_mode & 0o777)
            os.replace(unfinished, target)
        finally:
            with suppress(FileNotFoundError):
                os.unlink(unfinished)


def prompts_by_name(snapshot: Snapshot) -> dict[str, Any]:
    """Return the prompts of a snapshot by the names of their calls."""
    entries = snapshot._entries  # pyright: ignore[reportPrivateUsage]
    return {name: entry["prompt"] for name, entry in entries.items()}


def name_of(key: Key) -> str:
    """Return the name of a call, the same for equal arguments; empty for those that the call refuses."""
    project_id, slug, labels, variables = key
    try:
        return canonical([project_id, slug, labels, variables_text(variables)])
    except (RecursionError, TypeError, ValueError) as exc:
        if from_handler(exc):
            raise
        return ""


def _name_of_entry(entry: Mapping[str, Any]) -> str:
    variables = canonical(entry["variables"]) if entry["variables"] else None
    return canonical([entry["projectId"], entry["slug"], entry["labels"], variables])


def _hash(entry: Mapping[str, Any]) -> str:
    return sha256(canonical({name: entry[name] for name in _ENTRY if name != HASH}).encode()).hexdigest()


def _checked(entries: list[Any], place: str) -> Iterator[dict[str, Any]]:
    for number, entry in enumerate(entries, 1):
        slug = entry.get("slug") if is_object(entry) else None
        where = f"{place}: prompt {number}" + (f", {slug!r:.100}" if isinstance(slug, str) else "")
        if not is_object(entry) or not _fits(entry):
            raise ValueError(f"{where}: its members are not those of a snapshot; take it again")
        try:
            expected = _hash(entry)
        except (RecursionError, ValueError) as exc:
            if from_handler(exc):
                raise
            raise ValueError(f"{where}: not JSON: {exc}") from None
        if entry[HASH] != expected:
            raise ValueError(f"{where}: changed since it was taken, its {HASH} is another; take it again")
        yield entry


def _fits(entry: dict[str, Any]) -> bool:
    """Return whether an entry has the types that the model of a resolved prompt expects, without importing it."""
    if entry.keys() != _ENTRY.keys() or not _typed(entry, _ENTRY) or not _typed(entry["prompt"], _PROMPT):
        return False
    prompt: dict[str, Any] = entry["prompt"]
    optional = {name: kind for name, kind in _OPTIONAL.items() if prompt.get(name) is not None}
    if not _typed(prompt, optional) or prompt.get("labels", ()) is None:
        return False
    rendered: dict[str, Any] = prompt["rendered"]
    texts: list[Any] = [rendered.get("text")] if rendered.get("format") == "text" else [None]
    messages = rendered.get("messages")
    if rendered.get("format") == "chat" and is_array(messages) and all(map(is_object, messages)):
        texts = [message.get(name) for message in messages for name in ("role", "content")]
    blocks: dict[str, Any] = prompt.get("blockRenderRecord") or {}
    return all(
        isinstance(text, str) for text in (*texts, *entry["labels"], *prompt.get("labels", ()), *blocks.values())
    )


def _typed(values: dict[str, Any], kinds: Mapping[str, Any]) -> bool:
    return all(isinstance(values.get(name), kind) and type(values[name]) is not bool for name, kind in kinds.items())


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number of JSON")
