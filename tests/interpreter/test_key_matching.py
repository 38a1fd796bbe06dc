"""Sequences are found among the keys that are pressed, whatever stands before them."""

from hypothesis import given
from hypothesis import strategies as st

from offhook.interpreter.key_matching import KeyMatching

KEYS = st.text("12#", max_size=30)
SEQUENCES = st.lists(st.text("12#", min_size=1, max_size=4), max_size=5, unique=True)


@given(pressed=KEYS, sequences=SEQUENCES)
def test_each_is_told_with_the_key_that_completes_it(pressed: str, sequences: list[str]) -> None:
    now: list[str] = []
    found: list[tuple[int, str]] = []
    matching = KeyMatching(tuple(sequences), now.append)
    for at, key in enumerate(pressed, 1):
        now.clear()
        matching(key)
        found += [(at, sequence) for sequence in now]
    wanted = [
        (end, sequence)
        for end in range(1, len(pressed) + 1)
        for sequence in sequences
        if pressed[:end].endswith(sequence)
    ]
    assert sorted(found) == sorted(wanted)
