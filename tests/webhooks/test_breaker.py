"""A URL that only fails is left alone, but for one attempt each half minute; on a clock of its own."""

from heapq import heappop, heappush
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from offhook.webhooks.breaker import FAILURES, LONGEST_WAIT_S, MOST_URLS, PROBE_S, Breakers, url_key

URL = url_key("AC1", "https://app.example/status?call=1")
OTHER = url_key("AC1", "https://app.example/other")


def opened(at: float = 0.0) -> Breakers:
    breakers = Breakers()
    assert [breakers.failed(URL, at) for _ in range(FAILURES)] == [False] * (FAILURES - 1) + [True]
    return breakers


def test_a_url_is_known_by_its_account_and_without_its_query() -> None:
    assert url_key("AC1", "https://app.example/status#x") == URL
    assert url_key("AC2", "https://app.example/status") != URL


def test_nine_failures_are_bad_luck_and_ten_are_a_reason() -> None:
    breakers = Breakers()
    for _ in range(FAILURES - 1):
        breakers.failed(URL, 0.0)
    assert breakers.wait_s(URL, 0.0) == 0.0
    assert breakers.failed(URL, 0.0)
    assert breakers.wait_s(URL, 0.0) == PROBE_S
    assert breakers.wait_s(OTHER, 0.0) == 0.0


def test_an_answer_among_them_begins_the_count_anew() -> None:
    breakers = Breakers()
    for _ in range(3):
        for _ in range(FAILURES - 1):
            assert not breakers.failed(URL, 0.0)
        assert not breakers.answered(URL)
    assert breakers.wait_s(URL, 0.0) == 0.0


def test_one_may_go_each_half_minute() -> None:
    breakers = opened()
    assert breakers.wait_s(URL, PROBE_S - 1) > 0
    assert breakers.wait_s(URL, PROBE_S) == 0.0
    assert breakers.wait_s(URL, PROBE_S) > 0
    assert not breakers.failed(URL, PROBE_S + 5)
    assert breakers.wait_s(URL, 2 * PROBE_S - 1) > 0
    assert breakers.wait_s(URL, 2 * PROBE_S) == 0.0


def test_a_probe_that_never_reports_is_followed_by_another() -> None:
    breakers = opened()
    assert breakers.wait_s(URL, PROBE_S) == 0.0
    assert breakers.wait_s(URL, 2 * PROBE_S) == 0.0


def test_a_probe_that_arrives_lets_all_go() -> None:
    breakers = opened()
    assert breakers.wait_s(URL, PROBE_S) == 0.0
    assert breakers.answered(URL)
    assert [breakers.wait_s(URL, PROBE_S) for _ in range(9)] == [0.0] * 9
    assert not breakers.failed(URL, PROBE_S)


def test_no_more_urls_are_remembered_than_fit() -> None:
    breakers = opened()
    for number in range(MOST_URLS):
        breakers.failed(("AC1", str(number)), 1.0)
    assert breakers.wait_s(URL, 1.0) == 0.0


@settings(deadline=None, max_examples=50)
@given(waiting=st.integers(1, 300), recovers_at=st.floats(1.0, 20_000.0))
def test_a_dead_url_costs_one_attempt_each_half_minute_however_many_wait(
    waiting: int, recovers_at: float
) -> None:
    """Each item comes back when it was told to, as the outbox sees to; one that failed waits two minutes."""
    breakers = opened()
    due: list[tuple[float, int]] = [(0.0, number) for number in range(waiting)]
    attempts: list[float] = []
    asked = 0
    while due and due[0][0] < recovers_at:
        now, number = heappop(due)
        asked += 1
        wait_s = breakers.wait_s(URL, now)
        if wait_s:
            assert wait_s <= PROBE_S + LONGEST_WAIT_S
            heappush(due, (now + wait_s, number))
        else:
            attempts.append(now)
            breakers.failed(URL, now)
            heappush(due, (now + 120.0, number))
    assert all(later - earlier >= PROBE_S for earlier, later in pairwise(attempts))
    if recovers_at > 10 * PROBE_S:
        # Not one item in all that time would have been as bad as all of them.
        assert len(attempts) >= recovers_at / (120.0 + 2 * PROBE_S) - 2
        # The first minutes cost each a few questions; later ones come rarely.
        assert asked <= waiting * 8 + len(attempts) * 3 + waiting * recovers_at / LONGEST_WAIT_S * 2
