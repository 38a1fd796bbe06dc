"""Dates, times of day and durations in English words. What makes no sense is None, and spoken as it stands."""

import calendar
import re

from offhook.speech.english_numbers import cardinal, ordinal, year

DATE_FORMATS = ("dmy", "mdy", "ymd", "ydm", "ym", "my", "md", "dm", "d", "m", "y")
TIME_FORMATS = ("hms12", "hms24")
DURATION_FORMATS = ("hms", "hm", "ms", "h", "m", "s")

MONTHS = tuple(calendar.month_name)
"""January is 1."""
_PARTS = re.compile(r"[\s/.,\-–]+")
_TIME = re.compile(
    r"(?P<hour>\d{1,2})(?::(?P<minute>\d{2}))?(?::(?P<second>\d{2}))?\s*(?P<half>[ap]\.?\s?m\.?)?",
    re.IGNORECASE | re.ASCII,
)
_UNITS = {"h": "hour", "m": "minute", "s": "second"}


def date(text: str, form: str = "") -> str | None:
    """A date whose parts come in the order of `form` (`mdy` unless given, or `ymd` where the year comes first)."""
    parts = [part for part in _PARTS.split(text.strip()) if part]
    if len(parts) == 1 and parts[0].isdecimal() and len(parts[0]) == 8 and len(form) in (0, 3):
        parts = _cut(parts[0], form or "ymd")
        form = form or "ymd"
    if not form and len(parts) == 3:
        form = "ymd" if len(parts[0]) == 4 else "dmy" if not parts[1].isdecimal() else "mdy"
    if form not in DATE_FORMATS or len(parts) != len(form):
        return None
    read = {letter: _value(letter, part) for letter, part in zip(form, parts, strict=True)}
    if None in read.values() or not _exists(read):
        return None
    return _said(read)


def time(text: str, form: str = "") -> str | None:
    """A time of day; `hms24` on a clock of 24 hours, else of 12."""
    found = _TIME.fullmatch(text.strip())
    if found is None or form not in ("", *TIME_FORMATS):
        return None
    hour, minute, second = (int(found[name] or 0) for name in ("hour", "minute", "second"))
    half = (found["half"] or "")[:1].upper()
    if minute > 59 or second > 59 or hour > 24 or (half and not 1 <= hour <= 12):
        return None
    if form == "hms24":
        return _on_24_hours(hour % 12 + 12 * (half == "P") if half else hour % 24, minute, second)
    if form == "hms12" and not half and (hour > 12 or hour == 0):
        half, hour = ("P" if 12 <= hour < 24 else "A"), hour % 12 or 12
    said = [cardinal(hour), *_minutes(minute, second, spoken_zero=bool(second))]
    if not half and not minute and not second:
        said.append("o'clock")
    return " ".join([*said, *((half, "M") if half else ())])


def duration(text: str, form: str = "") -> str | None:
    """Hours, minutes and seconds, as many as `form` has; without one, three parts are `hms` and two `ms`."""
    parts = re.split(r"\s*:\s*", text.strip())
    form = form or {3: "hms", 2: "ms"}.get(len(parts), "")
    if (
        form not in DURATION_FORMATS
        or len(parts) > len(form)
        or not all(re.fullmatch("[0-9]{1,6}", part) for part in parts)
    ):
        return None
    # 1:30 in hours, minutes and seconds is a minute and a half: what is missing is the largest.
    counted = list(zip(form[len(form) - len(parts) :], map(int, parts), strict=True))
    said = [
        f"{cardinal(count)} {_UNITS[unit]}{'' if count == 1 else 's'}" for unit, count in counted if count
    ]
    if not said:
        return f"zero {_UNITS[counted[-1][0]]}s"
    return said[0] if len(said) == 1 else f"{', '.join(said[:-1])} and {said[-1]}"


def _cut(figure: str, form: str) -> list[str]:
    """20161019 in its parts."""
    parts = []
    for letter in form:
        length = 4 if letter == "y" else 2
        parts.append(figure[:length])
        figure = figure[length:]
    return parts


def _value(letter: str, part: str) -> int | None:
    if letter == "m" and not part.isdecimal():
        named = [
            n
            for n, name in enumerate(MONTHS)
            if n and part.isalpha() and name[: len(part)].lower() == part.lower()
        ]
        return named[0] if len(named) == 1 and len(part) >= 3 else None
    plain = re.sub(r"(?<=\d)(?:st|nd|rd|th)$", "", part, flags=re.IGNORECASE) if letter == "d" else part
    if not re.fullmatch("[0-9]{1,4}", plain):
        return None
    value = int(plain)
    if letter == "y":
        return value if len(plain) != 2 else value + (2000 if value < 70 else 1900)
    return value if 1 <= value <= (12 if letter == "m" else 31) else None


def _exists(read: "dict[str, int | None]") -> bool:
    """Whether the month has that day; without a year, in some year."""
    day, month, in_year = read.get("d"), read.get("m"), read.get("y")
    if day is None or month is None:
        return True
    known_year = in_year if in_year else 2000
    return day <= calendar.monthrange(known_year, month)[1]


def _said(read: "dict[str, int | None]") -> str:
    day, month, in_year = read.get("d"), read.get("m"), read.get("y")
    said = [MONTHS[month]] if month is not None else []
    if day is not None:
        said.append(ordinal(day))
    if in_year is not None:
        said.append(year(in_year))
    return " ".join(said)


def _minutes(minute: int, second: int, *, spoken_zero: bool) -> list[str]:
    said = []
    if minute:
        said.append(cardinal(minute) if minute > 9 else f"oh {cardinal(minute)}")
    elif spoken_zero:
        said.append("zero minutes")
    if second:
        said.append(f"and {cardinal(second)} second{'' if second == 1 else 's'}")
    return said


def _on_24_hours(hour: int, minute: int, second: int) -> str:
    said = "zero" if hour == 0 else f"oh {cardinal(hour)}" if hour < 10 else cardinal(hour)
    if not minute and not second:
        return f"{said} hundred hours" if hour else "zero hundred hours"
    return " ".join([said, *_minutes(minute, second, spoken_zero=True)])
