"""Finds personal data that has a form of its own: numbers with check digits, e-mail and IP addresses.

Each detector searches a folded text (see ``plain_text``) in time that grows with its length only.
"""

from __future__ import annotations

import re
from ipaddress import AddressValueError, IPv4Address, IPv6Address
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Detector = Callable[[str, int, int], bool]
    """Whether a text has an occurrence that begins at or after the first place and ends at or before the second."""

CONTEXT = 40
"""The most characters before an occurrence that decide whether it is one."""
LONGEST = 300
"""The most characters of an occurrence."""
LONGEST_OF_DIGITS = 100
"""The most characters of an occurrence of all but e-mail addresses, which need a digit."""

_ASCII = re.ASCII
_ANY_CASE = re.ASCII | re.IGNORECASE

_SSN = re.compile(
    r"(?<![\w-])(?!000|666|9\d\d)\d{3}([- .])(?!00)\d\d\1(?!0000)\d{4}(?![\w-])"
    r"|(?:\bssn|social security)(?: (?:number|no|is))?\W{1,3}(?!000|666|9\d\d)\d{3}(?!00)\d\d(?!0000)\d{4}(?!\w)",
    _ANY_CASE,
)


def has_ssn(text: str, begin: int, ends: int) -> bool:
    """Return whether a text has a US social security number; without separators only after ``SSN``."""
    return any(match.end() <= ends for match in _SSN.finditer(text, begin))


_CARD = re.compile(
    r"(?<![\w.+])(?:[2-6]\d{3}(?:[ .-]?\d{4}){2}[ .-]?\d{1,4}(?:[ .-]?\d{1,3})?|3\d{3}[ .-]\d{6}[ .-]\d{4,5})", _ASCII
)
_ISSUED = re.compile(
    r"4\d{12}(?:\d{3}){0,2}|5\d{15}|2[2-7]\d{14}|6\d{15,18}|50\d{10,17}|3[47]\d{13}|3[0689]\d{12}|35\d{14}", _ASCII
)
"""The beginnings and lengths of the large card networks."""


def is_card(text: str) -> bool:
    """Return whether a text has the digits of a payment card: 13 to 19, with the check digit of Luhn's rule."""
    digits = [int(char) for char in text if char.isdecimal()]
    if not 13 <= len(digits) <= 19 or len(set(digits)) == 1:
        return False
    doubled = (digit * 2 - 9 if digit > 4 else digit * 2 for digit in digits[-2::-2])
    return (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0


def has_card(text: str, begin: int, ends: int) -> bool:
    """Return whether a text has the number of a payment card, whatever digits follow it after a space."""
    return any(_is_issued(number) for number in _prefixes(_CARD, text, begin, ends))


def _is_issued(number: str) -> bool:
    return _ISSUED.fullmatch(re.sub("[ .-]", "", number)) is not None and is_card(number)


def _prefixes(pattern: re.Pattern[str], text: str, begin: int, ends: int) -> Iterator[str]:
    """Yield the matches, and each of their beginnings that ends with a word."""
    for match in pattern.finditer(text, begin):
        for end in range(match.end(), match.start() + 12, -1):
            if end <= ends and text[end - 1].isalnum() and not text[end : end + 1].isalnum():
                yield text[match.start() : end]


_IBAN = re.compile(r"(?<!\w)[A-Z]{2}\d\d(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?", _ASCII)


def has_iban(text: str, begin: int, ends: int) -> bool:
    """Return whether a text has a bank account number of ISO 13616, with its check digits."""
    return any(_is_iban(number.replace(" ", "")) for number in _prefixes(_IBAN, text, begin, ends))


def _is_iban(number: str) -> bool:
    moved = number[4:] + number[:4]
    return 15 <= len(number) <= 34 and int("".join(str(int(char, 36)) for char in moved)) % 97 == 1


_AT = re.compile(r"@| ?[\[({] ?at ?[\])}] ?", re.IGNORECASE)
_LOCAL = re.compile(r"[\w!#$%&'*+/=?^`{|}~.\"-]")
_DOT = r"(?:\.| ?[\[({] ?dot ?[\])}] ?)"
_DOMAIN = re.compile(
    r"(?!\dx\.)"  # logo@2x.png
    rf"(?:[\w-]{{1,63}}{_DOT}){{1,8}}(?!(?:service|socket|timer|mount|target|slice)\b)"
    r"(?:xn--[a-z0-9-]{2,59}|[a-z]{2,63}(?![a-z0-9_-])|[^\W\d_]{2,63}(?![\w-]))"
    r"(?!\(|:[\w~.-]{0,80}/)",  # a call, or a place on a host, as in git@github.com:a/b
    re.IGNORECASE,
)
_USER_OF_URL = re.compile(r"://[^\s/]{1,36}\Z")


def has_email(text: str, begin: int, ends: int) -> bool:
    """Return whether a text has an e-mail address; the user in an address of the web is none."""
    for at in _AT.finditer(text, begin):
        start = at.start()
        domain = _DOMAIN.match(text, at.end()) if _LOCAL.match(text, start - 1) and start else None
        if domain and domain.end() <= ends and not _USER_OF_URL.search(text, max(0, start - CONTEXT), start):
            return True
    return False


_V4 = r"\d{1,3}(?:\.\d{1,3}){3}"
_IPV4 = re.compile(rf"(?<![\w.]){_V4}(?!\w|\.\d|-(?:alpha|beta|dev|rc|pre|snapshot)\b)", _ANY_CASE)
_IPV6 = re.compile(
    rf"(?:(?<![\w:.])|(?<=[g-z_]:))(?:[0-9a-f]{{0,4}}:){{2,7}}(?:{_V4}|[0-9a-f]{{0,4}})"
    r"(?:%[\w.-]{1,20})?(?:/\d{1,3})?(?![\w:]|\.\d)",
    _ANY_CASE,
)
_VERSION = re.compile(
    r"(?:[=<>~^!]=|\b(?:v|ver|version|release|build|firmware|driver|rev|revision|section|sec|chapter|clause|tag|linux"
    r"|kernel|windows|ubuntu|debian|android|ios|macos|chrome|firefox|safari|edge|python|java|node)\b[ .:#]{0,2}|§ ?)\Z",
    re.IGNORECASE,
)
_PRODUCT = re.compile(r"(?<![\w./-])(?!localhost/)[a-z]+/\Z", _ANY_CASE)
_SLICED = re.compile(r"[\w)\]]\[\Z")


def has_ip_address(text: str, begin: int, ends: int) -> bool:
    """Return whether a text has an IP address, with or without a port, a network's length or a zone."""
    return any(
        match.end() <= ends and fits(match[0], text, match.start())
        for pattern, fits in ((_IPV4, _is_v4), (_IPV6, _is_v6))
        for match in pattern.finditer(text, begin)
    )


def _is_v4(found: str, text: str, start: int) -> bool:
    try:
        IPv4Address(found)
    except AddressValueError:
        return False
    since = max(0, start - CONTEXT)
    return not _PRODUCT.search(text, since, start) and not _VERSION.search(text, since, start)


def _is_v6(found: str, text: str, start: int) -> bool:
    address = found.partition("/")[0]
    try:
        IPv6Address(address)
    except AddressValueError:
        return False
    groups = address.partition("%")[0].split(":")
    if address == "::1":
        return not _SLICED.search(text, max(0, start - CONTEXT), start)
    digits = "".join(groups)
    has_enough = len(digits) >= 5 or len(groups[0]) >= 3  # 1::2 is also a slice, and a::b a name
    return has_enough and any(map(str.isdigit, digits)) and {len(group) for group in groups} != {2}


_DIGIT = re.compile("[0-9]")


def has_digit(text: str, begin: int) -> bool:
    """Return whether a text has a digit from a place on."""
    return _DIGIT.search(text, begin) is not None


DETECTORS: dict[str, Detector] = {
    "ssn": has_ssn,
    "credit_card": has_card,
    "iban": has_iban,
    "ip_address": has_ip_address,
}
"""The detectors of what has digits by its kind, in the order of the report."""
