"""Whom an account may call: every outbound number, whoever asks for it, passes `why_not` first.

A number is judged as the phone network will read it: `+`, `00` and `011` begin an international one, the user of a
SIP URI is a number when it looks like one, and digits behind a complete number do not hide it. Premium-rate and
shared-cost numbers and the codes of no country (satellites, +979) need a prefix of their own on the account's list.
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING
from urllib.parse import unquote

if TYPE_CHECKING:
    from phonenumbers import PhoneNumber

EVERYWHERE = "+"
"""A prefix that covers every number but those that need one of their own."""
CODES_OF_NO_COUNTRY = frozenset({870, 878, 881, 882, 883, 888, 979})
OWN_DIGITS = 2
"""How many digits behind the country's code a prefix needs to speak of premium-rate numbers."""
SUGGESTED_DIGITS = 3
SHORTEST_NATIONAL = 7
"""Fewer digits are an extension, or a service of the trunk's; nothing is said of those."""
LONGEST_NATIONAL = 15
LONGEST = len("+") + 15
"""E.164 has no more digits, and no network looks at more."""
PREFIX = re.compile(r"\+[0-9]{0,15}|[0-9*#]{1,15}")
_NUMBER_LIKE = re.compile(r"\+?[0-9*#]+")
_SEPARATORS = str.maketrans("", "", "-.() ")
_PADDINGS = ("0", "1", "5")


def why_not(
    to: str, *, account_sid: str, allowed: tuple[str, ...] | None, country: str | None = None
) -> str | None:
    """Why an account may not call `to`, a number or a SIP URI, and what would allow it; None where it may.

    `allowed` are the prefixes of its list; None is no list. `country` (ISO 3166, two letters) is where numbers
    without `+` are dialled. The first call loads the numbering plans: 30 ms and 3 MB.
    """
    number, is_uri = _number_in(to)
    if number is None:
        return None
    parts = re.findall(r"\+?[0-9]+", number)
    # Before a number may stand what is asked of the network, such as *31#.
    for part in [part for part in parts if len(part) >= SHORTEST_NATIONAL] or parts:
        if refusal := _why_not_part(part, number, is_uri, account_sid, allowed, country):
            return refusal
    return None


def _number_in(to: str) -> tuple[str | None, bool]:
    """The number that is dialled, without separators, and whether it stands in a SIP URI."""
    scheme, colon, rest = to.partition(":")
    is_uri = bool(colon) and scheme.lower() in ("sip", "sips")
    if not is_uri:
        return to, False
    user, at, _ = rest.rpartition("@")
    if not at:
        return None, True
    plain = unquote(user).partition(";")[0].partition(":")[0].translate(_SEPARATORS)
    return (plain if _NUMBER_LIKE.fullmatch(plain) else None), True


def _why_not_part(
    part: str,
    number: str,
    is_uri: bool,
    account_sid: str,
    allowed: tuple[str, ...] | None,
    country: str | None,
) -> str | None:
    parsed = _parsed(part, country)
    if parsed is None:
        if part.startswith("0") and len(part) >= SHORTEST_NATIONAL and not _is_listed(part, number, allowed):
            return (
                f"{number} cannot be judged without its country: write it with + and the country's code, or let the "
                f"operator set OFFHOOK_COUNTRY"
            )
        if is_uri or allowed is None or _is_listed(part, number, allowed):
            return None
        return _unlisted(number, number[:SUGGESTED_DIGITS], account_sid, allowed)
    code, national = parsed
    full = f"+{code}{national}"
    kind = _special_kind(code, national)
    if kind is None:
        if allowed is None or any(_covers(prefix, full, number) for prefix in allowed):
            return None
        return _unlisted(number, f"+{code}", account_sid, allowed)
    own_from = len(f"+{code}") + (0 if code in CODES_OF_NO_COUNTRY else OWN_DIGITS)
    if any(len(prefix) >= own_from and _covers(prefix, full, number) for prefix in allowed or ()):
        return None
    suggested = full[: own_from + SUGGESTED_DIGITS - OWN_DIGITS] if own_from > len(f"+{code}") else f"+{code}"
    return (
        f"{number} is {kind}, which needs a prefix of its own on the account's list of destinations: "
        f"{_command(account_sid, (*(allowed or (EVERYWHERE,)), suggested))} allows it"
    )


def _unlisted(number: str, suggested: str, account_sid: str, allowed: tuple[str, ...]) -> str:
    return (
        f"{number} is not on the account's list of destinations ({', '.join(allowed) or 'which is empty'}): "
        f"{_command(account_sid, (*allowed, suggested))} allows it"
    )


def _command(account_sid: str, prefixes: tuple[str, ...]) -> str:
    return f"`offhook account limits {account_sid} --destinations {','.join(prefixes)}`"


def _covers(prefix: str, full: str, dialled: str) -> bool:
    return full.startswith(prefix) if prefix.startswith("+") else dialled.startswith(prefix)


def _is_listed(part: str, number: str, allowed: tuple[str, ...] | None) -> bool:
    """Whether the list names a number that is in no international plan, as it was dialled."""
    prefixes = allowed or ()
    if EVERYWHERE in prefixes and not part.startswith("0"):
        return True
    return any(
        dialled.startswith(prefix)
        for prefix in prefixes
        if prefix != EVERYWHERE
        for dialled in (part, number)
    )


def _parsed(part: str, country: str | None) -> tuple[int, str] | None:
    """The country's code and the national number; None for a number that is in no international plan."""
    for written, region in _readings(part, country):
        found = _parse(written, region)
        if found is not None:
            return found
    return None


def _readings(part: str, country: str | None) -> Iterator[tuple[str, str | None]]:
    """How a number may be meant, as international numbers and in the country that it is dialled in."""
    if part.startswith("+"):
        yield part[:LONGEST], None
        return
    for access in ("011", "00"):
        if part.startswith(access):
            yield f"+{part.removeprefix(access)}"[:LONGEST], None
    if country is not None:
        if len(part) >= SHORTEST_NATIONAL:
            yield part[:LONGEST], country
    elif len(part) >= SHORTEST_NATIONAL and not part.startswith("0"):
        yield f"+{part}"[:LONGEST], None


def _parse(written: str, region: str | None) -> tuple[int, str] | None:
    import phonenumbers

    try:
        parsed = phonenumbers.parse(written, region)
    except phonenumbers.NumberParseException:
        return None
    assert parsed.country_code is not None
    return parsed.country_code, phonenumbers.national_significant_number(parsed)


@lru_cache(maxsize=1024)
def _special_kind(code: int, national: str) -> str | None:
    """What kind of number it is, if one that costs more than a call; None for any other."""
    from phonenumbers import PhoneNumberType

    if code in CODES_OF_NO_COUNTRY:
        return f"a number under +{code}, a code of no country"
    kinds = {
        PhoneNumberType.PREMIUM_RATE: "a premium-rate number",
        PhoneNumberType.SHARED_COST: "a shared-cost number",
    }
    own = _type(code, national)
    if own != PhoneNumberType.UNKNOWN:
        return kinds.get(own)
    # Networks connect once a number is complete, whatever is dialled behind it; and complete a short one they do not.
    shorter = (national[:length] for length in range(len(national) - 1, 3, -1))
    longer = (
        national + padding * count
        for padding in _PADDINGS
        for count in range(1, LONGEST_NATIONAL - len(national))
    )
    for candidate in (*shorter, *longer):
        if kind := kinds.get(_type(code, candidate)):
            return kind
    return None


def _type(code: int, national: str) -> int:
    import phonenumbers

    number: PhoneNumber = phonenumbers.PhoneNumber(
        country_code=code,
        national_number=int(national or 0),
        italian_leading_zero=national.startswith("0") or None,
        number_of_leading_zeros=(len(national) - len(national.lstrip("0"))) or None,
    )
    return phonenumbers.number_type(number)
