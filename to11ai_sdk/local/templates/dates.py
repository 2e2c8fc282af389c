"""The filter ``date`` of templates: it goes by the time it is told and by UTC, not by the machine's clock and zone."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone
from typing import Any

from dateutil import parser  # type: ignore[import-untyped]


def shown(value: Any, form: str, now: datetime) -> Any:
    """A moment in the form of ``strftime``; what is no moment stays as it is.

    Args:
        value: ``"now"`` or ``"today"``, seconds since 1970, or a text with a date or a time in it. What such a text
            leaves out is that of ``now``, at midnight; without a time zone it is UTC.
        form: such as ``"%Y-%m-%d"``; ``%s`` is seconds since 1970.
        now: what time it is, aware.
    """
    try:
        moment = _moment(value, now.astimezone(timezone.utc))
    except (OSError, OverflowError, TypeError, ValueError):
        return value
    # strftime would count %s by the time zone of the machine.
    seconds = str(int(moment.timestamp()))
    return moment.strftime(re.sub("%[%s]", lambda word: seconds if word[0] == "%s" else word[0], form))


def _moment(value: Any, now: datetime) -> datetime:
    if value in ("now", "today"):
        return now
    if isinstance(value, int) or (isinstance(value, str) and value.isdigit()):
        return datetime.fromtimestamp(int(value), timezone.utc)
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    moment: datetime = parser.parse(value, default=midnight, tzinfos=_zone)
    return moment


def _zone(_: str | None, offset: int | None) -> timezone:
    return timezone(timedelta(seconds=offset or 0))
