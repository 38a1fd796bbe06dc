"""What kind of line a number belongs to, as its country's numbering plan says."""

from enum import StrEnum
from functools import lru_cache


class NumberKind(StrEnum):
    """The kinds that numbers can be listed by. Where a plan does not tell a fixed line from a mobile one, it is both."""

    LOCAL = "local"
    MOBILE = "mobile"
    TOLL_FREE = "toll-free"


@lru_cache(maxsize=65_536)
def kinds_of(number: str) -> frozenset[NumberKind]:
    """The kinds of a number in E.164; none for what is no number, or of another kind.

    The first call loads the numbering plans: 30 ms and 3 MB.
    """
    import phonenumbers
    from phonenumbers import PhoneNumberType

    try:
        type_ = phonenumbers.number_type(phonenumbers.parse(number, None))
    except phonenumbers.NumberParseException:
        return frozenset()
    match type_:
        case PhoneNumberType.FIXED_LINE:
            return frozenset({NumberKind.LOCAL})
        case PhoneNumberType.MOBILE:
            return frozenset({NumberKind.MOBILE})
        case PhoneNumberType.FIXED_LINE_OR_MOBILE:
            return frozenset({NumberKind.LOCAL, NumberKind.MOBILE})
        case PhoneNumberType.TOLL_FREE:
            return frozenset({NumberKind.TOLL_FREE})
    return frozenset()


def countries() -> tuple[str, ...]:
    """The countries whose numbering plans are known: ISO 3166, two letters, in order."""
    import phonenumbers

    return tuple(sorted(phonenumbers.SUPPORTED_REGIONS))
