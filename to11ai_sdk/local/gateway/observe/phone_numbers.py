"""Finds phone numbers by the rules of the countries' numbering plans, as the library phonenumbers has them.

An international number (``+33 1 42 68 53 00``) is one wherever it stands. A national one must be valid in one of the
chosen regions, and look like one: it begins with ``0`` or an area code in brackets, or it is grouped as its country
groups it, or a word such as ``phone`` stands before it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from phonenumbers import (
    Leniency,
    NumberParseException,
    PhoneMetadata,
    PhoneNumberMatcher,
    country_code_for_region,
    is_possible_number,
    is_valid_number,
    parse,
)

from ...bounds import MAX_PHONE_WORK

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from phonenumbers import PhoneNumber

# Each pattern begins with its first character, not with what may precede it: so re skips ordinary text quickly.
_INTERNATIONAL = re.compile(
    r"[+0](?<![\w+].)(?:(?<=\+) ?\(?|(?<=0)(?:0|11[ -])[ -]?)(?=[1-9](?:[ ().\-/]{0,3}\d){6})", re.ASCII
)
_NATIONAL = re.compile(
    r"[(0-9](?<![\w+$€£¥#@*^/-].)(?<!\d[,.:].)(?<!\.\..)(?<![*^$€£¥#] .)(?=(?:[ ().\-/]{0,3}\d){6})", re.ASCII
)
_BODY = re.compile(r"\(?\d{1,15}(?:[ ().\-/]{1,3}\d{1,12}){0,8}", re.ASCII)
_END = re.compile(r"(?!\w|[.,:]\d| ?[%°€$£¥]| (?:EUR|USD|GBP|CHF|k?[gmW]|[kKMG]?B|bytes|ms|people|points)\b)")
_DATE = re.compile(
    r"(?<!\d)(?:\d{1,2}([./-])\d{1,2}\1(?:19|20)\d\d|(?:19|20)\d\d([./-])\d{1,2}\2\d{1,2})(?!\d)", re.ASCII
)
_OTHER = re.compile(r"\d+\.\d+|\d{5}-\d{4}|(?:(?:19|20)\d\d[ -]?){2}|2147483647", re.ASCII)
"""A fraction, a US postal code, two years, and the largest integer of 32 bits."""
_NORTH_AMERICAN = re.compile(
    r"(?:1[ .-])?(?:\(\d{3}\) ?|\d{3}[ .-])\d{3}[ .-]?\d{4}|(?!\d*(\d)\1{4})[2-9]\d{9}", re.ASCII
)
_INDIAN = re.compile(r"(?!\d*(\d)\1{4})[6-9]\d{9}", re.ASCII)
_INVENTED = re.compile(r"(?:1[ .-])?(?:\(555\) ?\d{3}|(?:\(\d{3}\) ?|\d{3}[ .-])555|555[ .-]\d{3})[ .-]\d{4}", re.ASCII)
_CONTEXT = re.compile(
    r"\b(?:phone|tele?phone|tel|mobile|cell|call|dial|fax|whatsapp|sms|text|ring|mobil|telefon\w?|handy|t[ée]l[ée]phone"
    r"|tlf|m[óo]vil|celular|telefono|tel[ée]fono)\b[^\w+]{0,3}(?:(?:number|no|nr|me|us|at|on|is)\b[^\w+]{0,3}){0,2}\Z",
    re.IGNORECASE,
)
_LOOK_BACK = 40
_LOOK_WORK = 8
_PLAN_WORK = 40
_ASCENDING = "01234567890123456789"


class PhoneNumbers:
    """Finds phone numbers.

    Args:
        regions: the regions whose national numbers are found, by their two letters (ISO 3166).
    """

    def __init__(self, regions: Sequence[str]) -> None:
        self._plans = {region: _plan(region) for region in regions}
        self._has_america = any(map(_is_american, regions))

    def occurs(self, text: str, begin: int, ends: int) -> bool:
        """Return whether a text has a phone number that begins and ends within these places."""
        work = MAX_PHONE_WORK
        for match in _INTERNATIONAL.finditer(text, begin):
            tried = [_is_international(written) for written in _endings(text, match.end(), ends)]
            work -= _LOOK_WORK + _PLAN_WORK * len(tried)
            if any(tried):
                return True
            if work <= 0:
                return False
        return self._has_national(text, begin, ends, work)

    def _has_national(self, text: str, begin: int, ends: int, work: int) -> bool:
        for match in _NATIONAL.finditer(text, begin):
            work -= _LOOK_WORK
            place = match.start()
            for written in _endings(text, place, ends):
                if self._has_america and _INVENTED.fullmatch(written):
                    return True
                regions = self._regions(written)
                work -= _LOOK_WORK + _PLAN_WORK * len(regions)
                is_named = bool(regions) and _CONTEXT.search(text, max(0, place - _LOOK_BACK), place) is not None
                if any(_is_national(written, region, is_named=is_named) for region in regions):
                    return True
            if work <= 0:
                return False
        return False

    def _regions(self, written: str) -> list[str]:
        """Return the regions in which the digits may be a number."""
        digits = re.sub(r"\D", "", written)
        if digits in _ASCENDING or len(set(digits)) <= 2 or _DATE.search(written) or _OTHER.fullmatch(written):
            return []
        return [region for region, plan in self._plans.items() if plan.fullmatch(digits)]


def _plan(region: str) -> re.Pattern[str]:
    """Return a pattern for the digits of all national numbers of a region, and some others."""
    metadata = PhoneMetadata.metadata_for_region(region)
    if metadata is None or metadata.general_desc is None:
        raise ValueError(f"there is no region {region!r}")
    general = metadata.general_desc.national_number_pattern
    return re.compile(f"(?:{metadata.national_prefix or ''})?(?:{general})", re.ASCII)


def _is_american(region: str) -> bool:
    return country_code_for_region(region) == 1


def _endings(text: str, place: int, ends: int) -> Iterator[str]:
    """Yield the texts from a place on that may be a number, the longest first."""
    body = _BODY.match(text, place)
    if body is None:
        return
    for end in range(body.end(), place + 6, -1):
        if end <= ends and text[end - 1].isdigit() and _END.match(text, end):
            written = text[place:end]
            if 7 <= sum(map(str.isdigit, written)) <= 16:
                yield written


def _read(written: str, region: str | None) -> PhoneNumber | None:
    try:
        return parse(written, region)
    except NumberParseException:
        return None


def _is_international(written: str) -> bool:
    number = _read(f"+{written}", None)
    groups = re.findall(r"\d+", written)
    digits = sum(map(len, groups))
    if number is None or digits < 8 or _OTHER.fullmatch(written) or not is_possible_number(number):
        return False
    country = str(number.country_code)
    if is_valid_number(number):
        # A group is the code of the country, or that and an area code: +12 345 678 901 is none.
        return groups[0] == country or len(groups[0]) >= len(country) + 2
    # Invented numbers have the shape of a number, too.
    return groups[0] == country and digits >= 10 and len(set(map(len, groups[1:]))) > 1


def _is_valid(written: str, region: str) -> bool:
    number = _read(written, region)
    return number is not None and is_valid_number(number)


def _is_national(written: str, region: str, *, is_named: bool) -> bool:
    if is_named:
        return _is_valid(written, region)
    groups = re.findall(r"\d+", written)
    digits = "".join(groups)
    if written.startswith("(") and ")" in written[2:8] and written.count("(") == 1:
        return len(digits) >= 9 and _is_valid(written, region)
    if digits.startswith("0"):
        return _is_grouped(groups) and len(digits) >= 9 and _is_valid(written, region)
    if _is_american(region):
        return _NORTH_AMERICAN.fullmatch(written) is not None and _is_valid(written, region)
    if region == "IN" and _INDIAN.fullmatch(written):
        return _is_valid(written, region)
    sizes = [len(group) for group in groups]
    is_usual = sizes == [5, 5] or (len(sizes) >= 3 and len(set(sizes)) > 1)
    return is_usual and next(iter(PhoneNumberMatcher(written, region, Leniency.EXACT_GROUPING)), None) is not None


def _is_grouped(groups: Sequence[str]) -> bool:
    if len(groups) == 1:
        return len(groups[0]) <= 11 or groups[0].startswith(("015", "016", "017"))  # a German mobile number is longer
    return all(len(group) >= 2 for group in groups)
