"""Finds personal data that has a form of its own: numbers with check digits, e-mail and IP addresses.

Each detector searches a folded text (see ``plain_text``) in time that grows with its length only.
"""

from __future__ import annotations

import re
from ipaddress import AddressValueError, IPv6Address
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

# Each pattern begins with its first character, not with what may precede it: so re skips ordinary text quickly.
_SSN = re.compile(
    r"[0-8](?<![\w-].)(?!(?<=0)00|(?<=6)66)\d\d(?:([- .])(?!00)\d\d\1|(?!00)\d\d)(?!0000)\d{4}(?![\w-])", _ASCII
)
_BEFORE_SSN = re.compile(r"\b(?:ssn|social security)\b(?: (?:number|no|is))?\W{1,3}\Z", _ANY_CASE)


def has_ssn(text: str, begin: int, ends: int) -> bool:
    """Return whether a text has a US social security number; without separators only after ``SSN``."""
    return any(
        match.end() <= ends and (match[1] or _BEFORE_SSN.search(text, max(0, match.start() - CONTEXT), match.start()))
        for match in _SSN.finditer(text, begin)
    )


_CARD = re.compile(
    r"[2-6](?<![\w.+].)(?:\d{3}(?:[ .-]?\d{4}){2}[ .-]?\d{1,4}(?:[ .-]?\d{1,3})?|(?<=3)\d{3}[ .-]\d{6}[ .-]\d{4,5})",
    _ASCII,
)
_ISSUED = re.compile(
    r"4\d{12}(?:\d{3}){0,2}|5\d{15}|2[2-7]\d{14}|6\d{15,18}|50\d{10,17}|3[47]\d{13}|3[0689]\d{12}|35\d{14}", _ASCII
)
"""The beginnings and lengths of the large card networks."""
_DOUBLED = str.maketrans("0123456789", "0246813579")
"""The sum of the digits of twice a digit."""
_SEPARATORS = str.maketrans("", "", " .-")


def is_card(text: str) -> bool:
    """Return whether a text has the digits of a payment card: 13 to 19, with the check digit of Luhn's rule."""
    digits = "".join(filter(str.isdecimal, text))
    if not 13 <= len(digits) <= 19 or digits == digits[0] * len(digits):
        return False
    return sum(map(int, digits[-1::-2] + digits[-2::-2].translate(_DOUBLED))) % 10 == 0


def has_card(text: str, begin: int, ends: int) -> bool:
    """Return whether a text has the number of a payment card, whatever digits follow it after a space."""
    return any(_is_issued(number) for number in _prefixes(_CARD, text, begin, ends))


def _is_issued(number: str) -> bool:
    digits = number.translate(_SEPARATORS)
    return _ISSUED.fullmatch(digits) is not None and is_card(digits)


def _prefixes(pattern: re.Pattern[str], text: str, begin: int, ends: int) -> Iterator[str]:
    """Yield the matches, and each of their beginnings that ends with a word."""
    for match in pattern.finditer(text, begin):
        for end in range(match.end(), match.start() + 12, -1):
            if not text[end : end + 1].isalnum() and end <= ends and text[end - 1].isalnum():
                yield text[match.start() : end]


_IBAN = re.compile(r"[A-Z](?<!\w.)[A-Z]\d\d(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?", _ASCII)


def has_iban(text: str, begin: int, ends: int) -> bool:
    """Return whether a text has a bank account number of ISO 13616, with its check digits."""
    return any(_is_iban(number.replace(" ", "")) for number in _prefixes(_IBAN, text, begin, ends))


_IBAN_DIGITS = {ord(char): str(int(char, 36)) for char in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"}


def _is_iban(number: str) -> bool:
    return 15 <= len(number) <= 34 and int((number[4:] + number[:4]).translate(_IBAN_DIGITS)) % 97 == 1


_AT = re.compile(r"[@\[({](?:(?<=@)|(?<!@) ?[aA][tT] ?[\])}] ?)(?=[\w-]{1,63}[. \[({])")
_LOCAL = re.compile(r"[\w!#$%&'*+/=?^`{|}~.\"-]")
_DOT = r"(?:\.| ?[\[({] ?dot ?[\])}] ?)"
_DOMAIN = re.compile(
    r"(?!\dx\.)"  # logo@2x.png
    rf"(?:[\w-]{{1,63}}{_DOT}){{1,8}}(?!(?:service|socket|timer|mount|target|slice)\b)"
    r"(?:xn--[a-z0-9-]{2,59}|[a-z]{2,63}(?![a-z0-9_-])|[^\W\d_]{2,63}(?![\w-]))"
    r"(?!\(|:[\w~.-]{0,80}/)",  # a call, or a place on a host, as in git@github.com:a/b
    re.IGNORECASE,
)
_MAYBE_PATH = re.compile(r":[\w~.-]{0,80}\Z")
_USER_OF_URL = re.compile(r"://[^\s/]{1,36}\Z")


def has_email(text: str, begin: int, ends: int) -> bool:
    """Return whether a text has an e-mail address; the user in an address of the web or of a host is none."""
    for at in _AT.finditer(text, begin):
        start = at.start() - (text[at.start() - 1 : at.start()] == " " and at[0] != "@")
        domain = _DOMAIN.match(text, at.end()) if start and _LOCAL.match(text, start - 1) else None
        if domain is None or domain.end() > ends or (ends < len(text) and _MAYBE_PATH.match(text, domain.end())):
            continue
        if not _USER_OF_URL.search(text, max(0, start - CONTEXT), start):
            return True
    return False


_TWO_COLONS = re.compile(r":[0-9a-fA-F]{0,4}:")
_V4 = r"\d{1,3}(?:\.\d{1,3}){3}"
_IPV4 = re.compile(
    r"[0-9](?<![\w.].)\d{0,2}(?:\.\d{1,3}){3}(?!\w|\.\d|-(?:alpha|beta|dev|rc|pre|snapshot)\b)", _ANY_CASE
)
_IPV6 = re.compile(
    rf"(?:(?<![\w:.])|(?<=[g-z_]:))(?:[0-9a-f]{{0,4}}:){{2,7}}(?:{_V4}|[0-9a-f]{{0,4}})"
    r"(?:%[\w.-]{1,20})?(?:/\d{1,3})?(?![\w:]|\.\d)",
    _ANY_CASE,
)
_VERSIONED = frozenset(
    (
        *(
            "v",
            "ver",
            "version",
            "release",
            "build",
            "firmware",
            "driver",
            "rev",
            "revision",
            "section",
            "sec",
            "chapter",
        ),
        *("clause", "tag", "linux", "kernel", "windows", "ubuntu", "debian", "android", "ios", "macos", "chrome"),
        *("firefox", "safari", "edge", "python", "java", "node"),
    )
)
_LONGEST_VERSIONED = max(map(len, _VERSIONED))
_COMPARED = ("==", "<=", ">=", "~=", "^=", "!=", "§", "§ ")
_LAST_WORD = re.compile(r"\w+\Z")
_PRODUCT = re.compile(r"(?<![\w./-])(?!localhost/)[a-z]+/\Z", _ANY_CASE)
_SLICED = re.compile(r"[\w)\]]\[\Z")


def has_ip_address(text: str, begin: int, ends: int) -> bool:
    """Return whether a text has an IP address, with or without a port, a network's length or a zone."""
    v6 = _IPV6.finditer(text, begin) if _TWO_COLONS.search(text, begin) else ()
    found = ((_is_v4, _IPV4.finditer(text, begin)), (_is_v6, v6))
    return any(match.end() <= ends and fits(match, text) for fits, matches in found for match in matches)


def _is_v4(found: re.Match[str], text: str) -> bool:
    # As ipaddress has it, whose exceptions take several times as long.
    if not all(part == "0" or (part[0] != "0" and int(part) < 256) for part in found[0].split(".")):
        return False
    start = found.start()
    if text[start - 1 : start] == "/" and _PRODUCT.search(text, max(0, start - CONTEXT), start):
        return False
    return not _is_version(text[max(0, start - CONTEXT) : start])


def _is_version(before: str) -> bool:
    """Return whether what follows a text is a version, and no address."""
    words = before.rstrip(" .:#")
    if len(before) - len(words) > 2:
        return False
    last = _LAST_WORD.search(words[-_LONGEST_VERSIONED - 1 :])
    return before.endswith(_COMPARED) or (last is not None and last[0].lower() in _VERSIONED)


def _is_v6(found: re.Match[str], text: str) -> bool:
    address = found[0].partition("/")[0]
    try:
        IPv6Address(address)
    except AddressValueError:
        return False
    groups = address.partition("%")[0].split(":")
    if address == "::1":
        return not _SLICED.search(text, max(0, found.start() - 2), found.start())
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
