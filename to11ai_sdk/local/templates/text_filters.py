"""Filters of texts; an operand that is not a text is used as it prints."""

from __future__ import annotations

import base64
import binascii
import html
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import quote_plus, unquote_plus

from .operands import BLANKS, items, whole
from .values import OperandError, text_of

if TYPE_CHECKING:
    from collections.abc import Callable

_BLANKS = re.compile(f"[{BLANKS}]+")
_NEWLINE = re.compile(r"\r?\n")
_HTML_BLOCKS = re.compile(r"<script.*?</script>|<!--.*?-->|<style.*?</style>", re.DOTALL)
_HTML_TAGS = re.compile(r"<.*?>", re.DOTALL)
_NOT_ESCAPED = re.compile(r"[\"><']|&(?!(?:[a-zA-Z]+|#[0-9]+);)")


def append(value: Any, text: Any) -> str:
    return text_of(value) + text_of(text)


def prepend(value: Any, text: Any) -> str:
    return text_of(text) + text_of(value)


def capitalize(value: Any) -> str:
    return text_of(value).capitalize()


def downcase(value: Any) -> str:
    return text_of(value).lower()


def upcase(value: Any) -> str:
    return text_of(value).upper()


def strip(value: Any) -> str:
    return text_of(value).strip(BLANKS)


def lstrip(value: Any) -> str:
    return text_of(value).lstrip(BLANKS)


def rstrip(value: Any) -> str:
    return text_of(value).rstrip(BLANKS)


def squish(value: Any) -> str:
    return _BLANKS.sub(" ", strip(value))


def escape(value: Any) -> str | None:
    return None if value is None else _escaped(text_of(value))


def escape_once(value: Any) -> str:
    return _NOT_ESCAPED.sub(lambda found: _escaped(found[0]), text_of(value))


def _escaped(text: str) -> str:
    return html.escape(text).replace("&#x27;", "&#39;")


def newline_to_br(value: Any) -> str:
    return _NEWLINE.sub("<br />\n", text_of(value))


def strip_newlines(value: Any) -> str:
    return _NEWLINE.sub("", text_of(value))


def strip_html(value: Any) -> str:
    return _HTML_TAGS.sub("", _HTML_BLOCKS.sub("", text_of(value)))


def replace(value: Any, search: Any, replacement: Any = "") -> str:
    return text_of(value).replace(text_of(search), text_of(replacement))


def replace_first(value: Any, search: Any, replacement: Any = "") -> str:
    return text_of(value).replace(text_of(search), text_of(replacement), 1)


def replace_last(value: Any, search: Any, replacement: Any) -> str:
    text, searched = text_of(value), text_of(search)
    start = text.rfind(searched)
    return text if start < 0 else text[:start] + text_of(replacement) + text[start + len(searched) :]


def remove(value: Any, search: Any) -> str:
    return replace(value, search)


def remove_first(value: Any, search: Any) -> str:
    return replace_first(value, search)


def remove_last(value: Any, search: Any) -> str:
    return replace_last(value, search, "")


def split(value: Any, separator: Any) -> list[str]:
    """Split at a text; a blank means any white space, and empty parts at the end are left out."""
    text, at = text_of(value), text_of(separator)
    if at == " ":
        return [part for part in _BLANKS.split(text) if part]
    parts = text.split(at) if at else list(text)
    while parts and not parts[-1]:
        parts.pop()
    return parts


def slice_(value: Any, start: Any, length: Any = 1) -> Any:
    """Return a part of a text or an array; it is empty if it begins outside."""
    whole_value = items_or_text(value)
    first = whole(start, "start")
    count = 1 if length is None else whole(length, "length")
    first += len(whole_value) if first < 0 else 0
    return whole_value[first : first + count] if first >= 0 and count >= 0 else whole_value[:0]


def items_or_text(value: Any) -> Any:
    """Return an array or a range unchanged, and any other value as the text that it prints."""
    if isinstance(value, range):
        return items(value)
    return value if isinstance(value, (list, tuple)) else text_of(value)  # pyright: ignore


def truncate(value: Any, length: Any = 50, ellipsis: Any = "...") -> str | None:
    """Shorten a text to a number of characters, including those of the ellipsis."""
    if value is None:
        return None
    text, most, end = text_of(value), whole(length, "length"), text_of(ellipsis)
    return text if len(text) <= most else text[: max(0, most - len(end))] + end


def truncatewords(value: Any, words: Any = 15, ellipsis: Any = "...") -> str | None:
    if value is None:
        return None
    text, most = text_of(value), max(1, whole(words, "words"))
    parts = _BLANKS.split(text.lstrip(BLANKS), maxsplit=min(most, len(text) + 1))
    return text if len(parts) <= most else " ".join(parts[:most]) + text_of(ellipsis)


def url_encode(value: Any) -> str | None:
    return None if value is None else quote_plus(text_of(value))


def url_decode(value: Any) -> str | None:
    try:
        return None if value is None else unquote_plus(text_of(value), errors="strict")
    except UnicodeDecodeError:
        raise OperandError("needs a value that decodes to UTF-8") from None


def base64_encode(value: Any) -> str:
    return base64.b64encode(text_of(value).encode()).decode()


def base64_url_safe_encode(value: Any) -> str:
    return base64.urlsafe_b64encode(text_of(value).encode()).decode()


def base64_decode(value: Any) -> str:
    return _decoded(text_of(value))


def base64_url_safe_decode(value: Any) -> str:
    text = text_of(value).translate(str.maketrans("-_", "+/"))
    return _decoded(text + "=" * (-len(text) % 4))


def _decoded(text: str) -> str:
    try:
        return base64.b64decode(text.encode(), validate=True).decode()
    except (binascii.Error, UnicodeError):
        raise OperandError("needs a text in base64 that decodes to UTF-8") from None


TEXT_FILTERS: dict[str, Callable[..., Any]] = {
    "h": escape,
    **{
        function.__name__.rstrip("_"): function
        for function in (
            *(append, prepend, capitalize, downcase, upcase, strip, lstrip, rstrip, squish, escape, escape_once),
            *(newline_to_br, strip_newlines, strip_html, replace, replace_first, replace_last, remove, remove_first),
            *(remove_last, split, slice_, truncate, truncatewords, url_encode, url_decode, base64_encode),
            *(base64_decode, base64_url_safe_encode, base64_url_safe_decode),
        )
    },
}
