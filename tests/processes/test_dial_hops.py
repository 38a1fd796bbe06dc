"""How many Dials led to a call, and where there were too many."""

from dataclasses import replace

import pytest

from offhook.interpreter.outbound_leg import LegRefused
from offhook.processes.dial_hops import HEADER, MOST, hops_after
from offhook.testing.scripted_call import SOME_CALL


def after(*said: str, name: str = HEADER) -> str:
    return hops_after(replace(SOME_CALL, sip_headers=tuple((name, value) for value in said)))


def test_each_dial_counts_one_more() -> None:
    assert after() == "1"
    assert after("1") == "2"
    assert after("1", name=HEADER.lower()) == "2"
    assert after(f"{MOST - 1}") == f"{MOST}"


@pytest.mark.parametrize("said", ["", "-3", "many", "1.5", "²", "9999999999"])
def test_nonsense_counts_nothing(said: str) -> None:
    assert after(said) == "1"


@pytest.mark.parametrize("said", [(f"{MOST}",), ("1", "999")])
def test_one_too_many_is_refused_with_words_that_help(said: tuple[str, ...]) -> None:
    with pytest.raises(LegRefused, match="leads back to its own number") as refused:
        after(*said)
    assert refused.value.sip_status == 482
