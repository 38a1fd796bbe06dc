"""How patient the fragment of a URL makes us: its table, and that nothing gets out of it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from offhook.call.errors import Asked
from offhook.dialects.vobiz.retry_fragment import policy_of
from offhook.verbs import Trouble, TryPolicy

URL = "https://app.example/next?a=1"
CT, RT = Trouble.NO_CONNECTION, Trouble.NO_ANSWER


def policy(**fields: object) -> TryPolicy:
    default: dict[str, object] = {
        "retries": 1,
        "retried": frozenset({CT, RT}),
        "connect_s": 2.0,
        "answer_s": 40.0,
        "total_s": 55.0,
    }
    return TryPolicy(**{**default, **fields})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("fragment", "expected"),
    [
        ("", policy()),
        ("#", policy()),
        ("#top", policy()),
        (
            "#ct=3000&rt=1500&tt=9000&rc=3&rp=5xx",
            policy(
                connect_s=3.0, answer_s=1.5, total_s=9.0, retries=3, retried=frozenset({Trouble.BREAKDOWN})
            ),
        ),
        ("#ct=99&rt=99&tt=0", policy(connect_s=0.1, answer_s=0.1, total_s=0.1)),
        ("#ct=10001&rt=40001&tt=55001&rc=6", policy(connect_s=10.0, answer_s=40.0, total_s=55.0, retries=5)),
        ("#rc=0", policy(retries=0)),
        ("#rc=-1&ct=fast&rt=&tt=1.5", policy()),
        ("#rp=all", policy(retried=frozenset(Trouble))),
        ("#rp=ct,4xx", policy(retried=frozenset({CT, Trouble.REFUSAL}))),
        ("#rp=ct,%20RT", policy()),
        ("#rp=never", policy()),
        ("#er=nearest&rc=2", policy(retries=2)),
        ("#rc=2&rc=5", policy(retries=2)),
    ],
)
def test_the_fragment_says_how_patient_we_are(fragment: str, expected: TryPolicy) -> None:
    assert policy_of(URL + fragment, Asked.ACTION) == expected


@pytest.mark.parametrize("asked", list(Asked))
def test_an_answer_url_is_tried_three_times(asked: Asked) -> None:
    tries = 2 if asked in (Asked.FIRST, Asked.FALLBACK) else 1
    assert policy_of(URL, asked).retries == tries
    assert policy_of(URL + "#rc=4", asked).retries == 4


KEYS = st.sampled_from(["ct", "rt", "tt", "rc", "rp", "er", "CT", ""])
VALUES = st.one_of(st.integers().map(str), st.text(max_size=8), st.sampled_from(["ct,rt", "all", "5xx", "٣"]))


@given(st.lists(st.tuples(KEYS, VALUES), max_size=6))
def test_whatever_it_says_stays_in_the_table(pairs: list[tuple[str, str]]) -> None:
    found = policy_of(URL + "#" + "&".join(f"{key}={value}" for key, value in pairs), Asked.ACTION)
    assert found.retries is not None
    assert found.connect_s is not None
    assert found.answer_s is not None
    assert found.total_s is not None
    assert 0 <= found.retries <= 5
    assert 0.1 <= found.connect_s <= 10
    assert 0.1 <= found.answer_s <= 40
    assert 0.1 <= found.total_s <= 55
    assert found.retried
