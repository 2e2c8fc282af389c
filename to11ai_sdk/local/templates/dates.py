"""The filter ``date``: reads a time and formats it as Ruby's ``strftime`` does."""

from __future__ import annotations

import math
import re
from datetime import datetime, timedelta, timezone
from functools import partial
from typing import TYPE_CHECKING, Any

from dateutil import parser  # type: ignore[import-untyped]

from .values import text_of

if TYPE_CHECKING:
    from collections.abc import Callable

DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July", "August", "September", "October"),
    *("November", "December"),
)
_END_OF_MONTH = re.compile(r"([0-9]{4}-[0-9]{2}-)(29|30|31)(?![0-9])(.*)", re.DOTALL)
_NUMBER = re.compile(r"[+-]?[0-9\s]+(?:[.,][0-9]+)?")
_DOTTED = re.compile(r"[0-9]{1,2}\.[0-9]{1,2}\.")
# A text is read with two different defaults; the parts that it lacks are those that differ between the results.
_DEFAULTS = (datetime(2000, 1, 1, 1, tzinfo=timezone.utc), datetime(2004, 3, 2, 2, tzinfo=timezone.utc))
_DIRECTIVE = re.compile(r"%([-0^#_]*)(\d{1,3})?(:{0,2})([A-Za-z%])")


def date_text(value: Any, form: Any, now: datetime) -> Any:
    """Return a time as text; a value that is not a time, or has no format, is returned unchanged.

    Args:
        value: ``"now"`` or ``"today"``, seconds since 1970, or a text that is a date or a time. Parts that the text
            lacks are taken from ``now`` at midnight; without a time zone it is UTC.
        form: the format, such as ``"%Y-%m-%d"``; ``%s`` is seconds since 1970.
        now: the current time, with a time zone.
    """
    if not text_of(form):
        return value
    try:
        moment = _moment(value, now.astimezone(timezone.utc))
    except (OSError, OverflowError, TypeError, ValueError):
        return value
    return value if moment is None else format_moment(moment, text_of(form))


def _moment(value: Any, now: datetime) -> datetime | None:
    if isinstance(value, int) and not isinstance(value, bool):
        return datetime.fromtimestamp(value, timezone.utc)
    if not isinstance(value, str) or not value:
        return None
    if value.lower() in ("now", "today"):
        return now
    if value.isdigit():
        return datetime.fromtimestamp(int(value), timezone.utc)
    last = _END_OF_MONTH.match(value)
    if last:
        # Ruby goes on into the next month: the 30th of February is the 1st or 2nd of March.
        return _from_text(f"{last[1]}28{last[3]}", now) + timedelta(days=int(last[2]) - 28)
    return _from_text(value, now)


def _from_text(text: str, now: datetime) -> datetime:
    if _NUMBER.fullmatch(text):
        raise ValueError("a number is no moment")
    one, other = (_parsed(text, default) for default in _DEFAULTS)
    given = {name for name in ("year", "month", "day", "hour") if getattr(one, name) == getattr(other, name)}
    if not given:
        raise ValueError("a day of the week is no moment")
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    return _parsed(text, midnight if "day" in given or "month" not in given else midnight.replace(day=1))


def _parsed(text: str, default: datetime) -> datetime:
    moment: datetime = parser.parse(text, default=default, tzinfos=_zone, dayfirst=bool(_DOTTED.match(text)))
    return moment


def _zone(_: str | None, offset: int | None) -> timezone:
    return timezone(timedelta(seconds=offset or 0))


def format_moment(moment: datetime, form: str) -> str:
    """Format a time as ``strftime`` does, with the flags ``-``, ``0``, ``^``, ``#``, ``_`` and a width.

    The names of days and months are English; an unknown directive is left unchanged.
    """
    return _DIRECTIVE.sub(partial(_directive, moment), form)


def _directive(moment: datetime, found: re.Match[str]) -> str:
    flags, width, colons, letter = found.groups(default="")
    if letter in _COMPOSED:
        text, pad, usual = format_moment(moment, _COMPOSED[letter]), " ", 0
    elif letter in "LN":
        return f"{moment.microsecond:06d}".ljust(int(width or 0) or 9, "0")[: int(width or 0) or _FRACTION[letter]]
    elif letter == "z":
        return _offset(moment, colons)
    elif letter in _FIELDS:
        read, pad, usual = _FIELDS[letter]
        text = str(read(moment))
    else:
        return found[0]
    return _padded(_cased(text, flags, letter), flags, pad, int(width or usual))


_FRACTION = {"L": 3, "N": 9}


def _offset(moment: datetime, colons: str) -> str:
    seconds = int((moment.utcoffset() or timedelta()).total_seconds())
    hours, rest = divmod(abs(seconds), 3600)
    parts = [f"{'-' if seconds < 0 else '+'}{hours:02d}", f"{rest // 60:02d}", f"{rest % 60:02d}"]
    return (":" if colons else "").join(parts[: max(2, len(colons) + 1)])


def _cased(text: str, flags: str, letter: str) -> str:
    if "^" in flags:
        return text.upper()
    return text if "#" not in flags else text.lower() if letter == "p" else text.upper()


def _padded(text: str, flags: str, pad: str, width: int) -> str:
    chosen = "-" if "-" in flags else "0" if "0" in flags else " " if "_" in flags else pad
    return text if chosen == "-" else text.rjust(width, chosen)


def _week(moment: datetime, first_day: int) -> int:
    """Return the number of the week in the year; days before the first Monday (1) or Sunday (0) are week 0."""
    return (moment.timetuple().tm_yday + 6 - (moment.isoweekday() - first_day) % 7) // 7


_COMPOSED = {
    "c": "%a %b %e %H:%M:%S %Y",
    "D": "%m/%d/%y",
    "F": "%Y-%m-%d",
    "r": "%I:%M:%S %p",
    "R": "%H:%M",
    "T": "%H:%M:%S",
    "v": "%e-%^b-%Y",
    "x": "%m/%d/%y",
    "X": "%H:%M:%S",
}
_FIELDS: dict[str, tuple[Callable[[datetime], object], str, int]] = {
    "Y": (lambda moment: moment.year, "0", 4),
    "C": (lambda moment: moment.year // 100, "0", 2),
    "y": (lambda moment: moment.year % 100, "0", 2),
    "m": (lambda moment: moment.month, "0", 2),
    "B": (lambda moment: MONTHS[moment.month - 1], " ", 0),
    "b": (lambda moment: MONTHS[moment.month - 1][:3], " ", 0),
    "h": (lambda moment: MONTHS[moment.month - 1][:3], " ", 0),
    "d": (lambda moment: moment.day, "0", 2),
    "e": (lambda moment: moment.day, " ", 2),
    "j": (lambda moment: moment.timetuple().tm_yday, "0", 3),
    "H": (lambda moment: moment.hour, "0", 2),
    "k": (lambda moment: moment.hour, " ", 2),
    "I": (lambda moment: (moment.hour + 11) % 12 + 1, "0", 2),
    "l": (lambda moment: (moment.hour + 11) % 12 + 1, " ", 2),
    "p": (lambda moment: "AM" if moment.hour < 12 else "PM", " ", 0),
    "P": (lambda moment: "am" if moment.hour < 12 else "pm", " ", 0),
    "M": (lambda moment: moment.minute, "0", 2),
    "S": (lambda moment: moment.second, "0", 2),
    "Z": (lambda moment: moment.tzname() or "", " ", 0),
    "A": (lambda moment: DAYS[moment.weekday()], " ", 0),
    "a": (lambda moment: DAYS[moment.weekday()][:3], " ", 0),
    "u": (lambda moment: moment.isoweekday(), "0", 1),
    "w": (lambda moment: moment.isoweekday() % 7, "0", 1),
    "G": (lambda moment: moment.isocalendar()[0], "0", 4),
    "g": (lambda moment: moment.isocalendar()[0] % 100, "0", 2),
    "V": (lambda moment: moment.isocalendar()[1], "0", 2),
    "U": (lambda moment: _week(moment, 0), "0", 2),
    "W": (lambda moment: _week(moment, 1), "0", 2),
    "s": (lambda moment: math.floor(moment.timestamp()), "0", 1),
    "n": (lambda _: "\n", " ", 0),
    "t": (lambda _: "\t", " ", 0),
    "%": (lambda _: "%", " ", 0),
}
