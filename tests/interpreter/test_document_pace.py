"""An application that goes in circles: held back to a request a second, and ended in the end."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from offhook.interpreter.document_pace import (
    AT_ONCE,
    EVERY_S,
    LIVELY_S,
    MOST_IN_ALL,
    MOST_IN_VAIN,
    DocumentLoop,
    DocumentPace,
)

# What happens before each document: how long the answer took, how long verbs ran, whether there was input.
steps = st.tuples(st.floats(0, 3), st.floats(0, 3), st.booleans())


@given(st.lists(steps, max_size=120))
def test_without_input_no_stretch_of_time_sees_more_documents_than_its_share(
    story: list[tuple[float, float, bool]],
) -> None:
    now, pace, ran_at = 0.0, DocumentPace(0.0), []
    try:
        for took_s, lived_s, _ in story:
            now += took_s
            now += pace.document(now)
            ran_at.append(now)
            now += lived_s
            pace.lived(lived_s)
    except DocumentLoop:
        pass
    for first, begin in enumerate(ran_at):
        for last in range(first, len(ran_at)):
            assert last - first + 1 <= AT_ONCE + 1 + (ran_at[last] - begin) / EVERY_S + 1e-6


@given(st.lists(steps, max_size=200))
def test_it_ends_exactly_the_calls_in_which_nothing_goes_on(story: list[tuple[float, float, bool]]) -> None:
    pace, now, in_vain, lively_s = DocumentPace(0.0), 0.0, 0, 0.0
    for took_s, lived_s, has_input in story:
        now += took_s
        in_vain += 1
        if in_vain > MOST_IN_VAIN:
            with pytest.raises(DocumentLoop):
                pace.document(now)
            return
        now += pace.document(now)
        now += lived_s
        pace.lived(lived_s)
        lively_s += lived_s
        if has_input:
            pace.input()
        if has_input or lively_s >= LIVELY_S:
            in_vain, lively_s = 0, 0.0


def test_a_caller_who_presses_keys_never_waits() -> None:
    pace = DocumentPace(0.0)
    for press in range(MOST_IN_ALL):
        assert pace.document(press * 0.1) == 0.0
        pace.input()
    with pytest.raises(DocumentLoop, match=f"document_loop: more than {MOST_IN_ALL} documents in one call"):
        pace.document(MOST_IN_ALL * 0.1)


def test_the_first_few_are_free_and_then_it_is_one_a_second() -> None:
    pace, now, ran_at = DocumentPace(0.0), 0.0, []
    for _ in range(MOST_IN_VAIN):
        now += pace.document(now)
        ran_at.append(now)
    assert ran_at[:AT_ONCE] == [0.0] * AT_ONCE
    assert {after - before for before, after in pairwise(ran_at[AT_ONCE:])} == {EVERY_S}
    with pytest.raises(DocumentLoop, match="a Redirect or an action that leads back to itself"):
        pace.document(now)
