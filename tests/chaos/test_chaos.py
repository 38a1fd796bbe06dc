"""A short hour of everything that can go wrong; and the plan that a seed makes."""

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.chaos.plan import Fault, plan
from tests.chaos.run import Chaos, run


@pytest.mark.sip
async def test_nothing_is_lost() -> None:
    chaos = Chaos(
        seed=int(os.environ.get("OFFHOOK_CHAOS_SEED", "5")), seconds=36, every_s=3.2, rate=5, longest_s=6
    )
    said: list[str] = []
    verdict = await run(chaos, said.append)
    assert not verdict.faults, "\n".join([*said, *verdict.lines, *verdict.faults])


@given(seed=st.integers(0, 10_000), seconds=st.floats(1, 1_000), every_s=st.floats(0.5, 30))
def test_a_seed_always_makes_the_same_plan_which_ends_in_time(
    seed: int, seconds: float, every_s: float
) -> None:
    blows = plan(seed, seconds=seconds, every_s=every_s, longest_s=20)
    assert blows == plan(seed, seconds=seconds, every_s=every_s, longest_s=20)
    assert all(blow.at_s + blow.lasts_s <= seconds + 1e-6 for blow in blows)
    first = [blow.fault for blow in blows[: len(Fault)]]
    assert len(set(first)) == len(first)
