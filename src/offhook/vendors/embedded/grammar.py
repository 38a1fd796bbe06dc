"""What may be said, as a grammar for the decoder, and the way back from words heard to the hint as written."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from offhook.vendors.embedded.hints import SpokenForm, spoken_forms
from offhook.vendors.embedded.spoken_numbers import DIGIT_OF_WORD

DIGITS_RULE = f"<digits> = ( {' | '.join(sorted(DIGIT_OF_WORD))} )+ ;"


@dataclass(frozen=True, slots=True)
class Menu:
    """The hints of one utterance. Two hints that sound alike are one: the first."""

    forms: tuple[SpokenForm, ...]
    _by_first_word: dict[str | None, list[SpokenForm]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        table: dict[str | None, list[SpokenForm]] = {}
        for form in self.forms:
            table.setdefault(form.words[0], []).append(form)
        object.__setattr__(self, "_by_first_word", table)

    @property
    def words(self) -> frozenset[str]:
        """Every word that may be said."""
        said = {word for form in self.forms for word in form.words if word is not None}
        has_digits = any(None in form.words for form in self.forms)
        return frozenset(said | DIGIT_OF_WORD.keys() if has_digits else said)

    @property
    def jsgf(self) -> str:
        """The grammar in the Java Speech Grammar Format."""
        phrases = (" ".join(word or "<digits>" for word in form.words) for form in self.forms)
        return f"#JSGF V1.0;\ngrammar menu;\npublic <phrase> = {' | '.join(phrases)} ;\n{DIGITS_RULE}\n"

    def understood(self, words: Sequence[str]) -> str | None:
        """The hint that was said, in its own spelling; None where the words are not one whole hint."""
        return next((text for form in self._candidates(words) if (text := _whole(form, words))), None)

    def so_far(self, words: Sequence[str]) -> str:
        """The beginning of a hint that was said until now, in its own spelling; may be empty."""
        beginnings = (_beginning(form, words)[0] for form in self._candidates(words))
        return self.understood(words) or max(beginnings, key=len, default="")

    def _candidates(self, words: Sequence[str]) -> list[SpokenForm]:
        if not words:
            return []
        return [*self._by_first_word.get(words[0], ()), *self._by_first_word.get(None, ())]


def read_menu(hints: Iterable[str]) -> Menu:
    """The menu of some hints. Those that English could not say are left out."""
    forms: dict[tuple[str | None, ...], SpokenForm] = {}
    for hint in hints:
        for form in spoken_forms(hint.strip()):
            forms.setdefault(form.words, form)
    return Menu(tuple(forms.values()))


def _whole(form: SpokenForm, words: Sequence[str]) -> str | None:
    text, steps, used = _beginning(form, words)
    return text if steps == len(form.steps) and used == len(words) else None


def _beginning(form: SpokenForm, words: Sequence[str]) -> tuple[str, int, int]:
    """What `words` cover of the hint in its own spelling, and how many steps and words that are."""
    text, used, copied = "", 0, 0
    for done, step in enumerate(form.steps):
        if step.is_digits:
            figure = _figure(words[used:])
            end, said = used + len(figure), form.hint[copied : step.start] + figure
            matches = bool(figure)
        else:
            end, said = used + len(step.words), form.hint[copied : step.end]
            matches = tuple(words[used:end]) == step.words
        if not matches:
            return text.rstrip(), done, used
        text, used, copied = text + said, end, step.end
    return text + form.hint[copied:], len(form.steps), used


def _figure(words: Sequence[str]) -> str:
    """The digits that `words` begin with."""
    figure = ""
    for word in words:
        if word not in DIGIT_OF_WORD:
            break
        figure += DIGIT_OF_WORD[word]
    return figure
