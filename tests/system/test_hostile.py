"""Everything that strangers do, a moment of each, while calls run: a short form of `python -m tests.chaos.hostile`."""

from pathlib import Path

import pytest

from tests.chaos.hostile.plan import BEHIND_AN_EDGE, EVERYWHERE
from tests.chaos.hostile.trial import LOGIN, PROMISED_GAP_S, Trial
from tests.sip.flooder import KINDS
from tests.system.server import Server, running_server
from tests.system.test_edge import behind_kamailio, strangers_are_refused, while_it_drains
from tests.webhooks.server import Application

pytestmark = pytest.mark.sip

CALLS = 4
EACH_S, PER_S = 0.15, 2000
MOST_GAP_S = 10 * PROMISED_GAP_S
"""What a busy machine may add; `python -m tests.chaos.hostile` measures the promise."""


def trial_of(server: Server, said: list[str], edge: str = "none") -> Trial:
    return Trial(server, seconds=EACH_S, per_s=PER_S, edge=edge, most_gap_s=MOST_GAP_S, say=said.append)


async def test_calls_do_not_notice_strangers(guarded: Server, app: Application) -> None:
    said: list[str] = []
    trial = trial_of(guarded, said)
    await trial.begin(app, CALLS)
    await trial.attacked(*EVERYWHERE)
    await trial.end()
    assert not trial.faults, "\n".join(said)


async def test_calls_behind_kamailio_do_not_either_and_may_end_while_it_drains(
    tmp_path: Path, app: Application
) -> None:
    said: list[str] = []
    settings = {"DEV": "", "WEBHOOK_ALLOW": "127.0.0.0/8", "SIP_ALLOW": "127.0.0.1/32", "WORKERS": "1"}
    with running_server(tmp_path, **behind_kamailio(**settings, DRAIN_S="60")) as server:
        await strangers_are_refused(server, app)
        server.post("/Clients", Login=LOGIN, Password="nobody guesses this").raise_for_status()
        trial = trial_of(server, said, "kamailio")
        await trial.begin(app, CALLS - 1)
        await trial.attacked(
            *(attack for attack in BEHIND_AN_EDGE if attack not in KINDS)
        )  # test_edge floods
        await trial.end()
        await while_it_drains(server)
    assert not trial.faults, "\n".join(said)
