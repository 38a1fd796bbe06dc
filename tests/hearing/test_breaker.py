"""When a vendor is left alone, and when it is tried again."""

import pytest

from offhook.speech.breaker import MOST_FAILURES, REST_S, Breaker, State


def opened(at: float = 0.0) -> Breaker:
    breaker = Breaker()
    for _ in range(MOST_FAILURES):
        assert breaker.admits(at)
        breaker.failed(at)
    return breaker


def test_three_failures_in_a_row_open_it() -> None:
    breaker = opened()
    assert breaker.state is State.OPEN
    assert not breaker.admits(REST_S - 0.1)
    assert breaker.why(10.0) == "passed over, for it failed 3 times in a row; it is tried again in 20 s"


def test_a_success_between_begins_the_count_anew() -> None:
    breaker = Breaker()
    for _ in range(MOST_FAILURES * 2):
        breaker.failed(0.0)
        breaker.succeeded()
    breaker.failed(0.0)
    breaker.failed(0.0)
    assert breaker.state is State.CLOSED


def test_after_its_rest_one_utterance_tries() -> None:
    breaker = opened()
    assert breaker.would_admit(REST_S)
    assert breaker.admits(REST_S)
    assert breaker.state is State.TRYING
    assert not breaker.admits(REST_S)
    assert breaker.why(REST_S).endswith("it is tried again just now")
    breaker.succeeded()
    assert breaker.admits(REST_S)
    assert breaker.admits(REST_S)


def test_a_try_that_fails_opens_it_at_once() -> None:
    breaker = opened()
    assert breaker.admits(REST_S)
    breaker.failed(REST_S)
    assert not breaker.admits(2 * REST_S - 0.1)
    assert breaker.admits(2 * REST_S)


def test_a_try_that_told_nothing_leaves_it_to_the_next() -> None:
    breaker = opened()
    assert breaker.admits(REST_S)
    breaker.let_go()
    assert breaker.state is State.OPEN
    assert breaker.admits(REST_S)


@pytest.mark.parametrize("state", ["closed", "open"])
def test_letting_go_changes_nothing_else(state: str) -> None:
    breaker = Breaker() if state == "closed" else opened()
    breaker.let_go()
    assert breaker.state.name.lower() == state
    assert breaker.admits(0.0) is (state == "closed")
