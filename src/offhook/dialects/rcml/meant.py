"""What a name that RCML does not know was probably meant to be: a slip of the keyboard, or another language's word."""

from collections.abc import Iterable

LONGEST_NAME = 40
"""Names longer than this resemble no known one."""
_SHORT_NAME = 5
"""Up to this length a name may differ by one slip, beyond by two."""

_ELSEWHERE = {
    "speak": "Say",
    "prompt": "Say",
    "wait": "Pause",
    "getdigits": "Gather",
    "getinput": "Gather",
    "hang": "Hangup",
    "disconnect": "Hangup",
    "speechtimeout": "postTimeout",
    "executiontimeout": "preTimeout",
    "digitendtimeout": "postTimeout",
    "digittimeout": "postTimeout",
    "inputtype": "input",
    "validdigits": "startInputKey",
    "actiononempty": "actionOnEmptyResult",
    "interimspeechresultscallback": "partialResultCallback",
    "minbargeinwordcount": "minBargeInWords",
    "bargeinmode": "bargeIn",
    "interdigittimeout": "postTimeout",
    "alternativelanguages": "altLanguages",
    "boost": "hintsBoost",
    "customvocabulary": "vocabularyName",
    "vocabularyfiltermethod": "filterMethod",
    "maxspeechduration": "maxSpeechTime",
    "initialspeechtimeout": "initialSpeechTimeoutMs",
}
"""Names that other languages of the field have for the same thing, in lower case."""


def meant(name: str, known: Iterable[str]) -> str | None:
    """The one of `known` that `name` was probably meant to be; None where there is none that is near."""
    if not 2 < len(name) <= LONGEST_NAME:
        return None
    by_lower = {word.lower(): word for word in known}
    if not by_lower:
        return None
    lower = name.lower()
    elsewhere = _ELSEWHERE.get(lower.replace("-", "").replace("_", ""))
    if elsewhere is not None and elsewhere.lower() in by_lower:
        return elsewhere
    most = 1 if len(lower) <= _SHORT_NAME else 2
    slips = {word: _slips(lower, word, most) for word in by_lower}
    nearest = min(slips, key=lambda word: (slips[word], abs(len(word) - len(lower)), word))
    return by_lower[nearest] if slips[nearest] <= most else None


def _slips(one: str, other: str, most: int) -> int:
    """How many letters were forgotten, doubled, mistaken or swapped with their neighbour; over `most` is one more.

    The optimal string alignment distance (Damerau 1964).
    """
    if abs(len(one) - len(other)) > most:
        return most + 1
    before: list[int] = []
    above = list(range(len(other) + 1))
    for row, letter in enumerate(one, 1):
        now = [row]
        for column, its in enumerate(other, 1):
            steps = min(above[column] + 1, now[column - 1] + 1, above[column - 1] + (letter != its))
            if row > 1 and column > 1 and letter == other[column - 2] and one[row - 2] == its:
                steps = min(steps, before[column - 2] + 1)
            now.append(steps)
        if min(now) > most:
            return most + 1
        before, above = above, now
    return above[-1]
