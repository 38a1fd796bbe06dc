"""The two gates of new calls, told the time."""

from hypothesis import given
from hypothesis import strategies as st

from offhook.pjsua.gate import BURST_CALLS, BURST_S, HANDLES_PER_CALL, LINGER_S, LingerGate, RateGate

ARRIVALS = st.lists(st.floats(0, 0.2), max_size=200)


@given(ARRIVALS, st.floats(1, 200))
def test_no_more_pass_than_the_rate_and_a_burst(gaps: list[float], per_s: float) -> None:
    gate, now, passed = RateGate(per_s, at=0.0), 0.0, 0
    for gap in gaps:
        now += gap
        passed += gate.passes(now)
    assert passed <= max(BURST_CALLS, per_s * BURST_S) + now * per_s + 1e-6


def test_a_patient_caller_always_passes() -> None:
    gate = RateGate(25.0, at=0.0)
    assert all(gate.passes(index / 25 + 1e-6) for index in range(500))


@given(ARRIVALS)
def test_sockets_never_run_out(gaps: list[float]) -> None:
    """Whoever rests as long as the gate says, takes in at most a batch of ten between two looks, and never
    holds more than the table has room for."""
    handles = 64
    gate, now = LingerGate(handles=handles), 0.0
    arrivals: list[float] = []
    for gap in gaps:
        now += gap
        now += gate.rest_s(now)
        gate.arrived(now)
        arrivals.append(now)
        lingering = [at for at in arrivals if at > now - LINGER_S]
        assert (len(lingering) + 10) * HANDLES_PER_CALL <= handles


def test_it_does_not_rest_without_a_flood() -> None:
    gate = LingerGate(handles=64)
    for index in range(100):
        now = index / 20
        gate.arrived(now)
        assert gate.rest_s(now) == 0.0
