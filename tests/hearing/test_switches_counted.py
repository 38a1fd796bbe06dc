"""Each switch is counted by the name of who was left."""

from offhook.metrics import Meter
from offhook.processes.metered_speech import metered_recognisers, switch_counter
from offhook.speech.recogniser import Final, SpeechEnded
from offhook.speech.recognisers import Recognisers
from offhook.testing import FakeRecogniser
from tests.hearing.speaker import CLOSED, speaking


async def test_each_switch_is_counted_and_a_metered_recogniser_falls_back_like_any_other() -> None:
    meter = Meter()
    first = FakeRecogniser(name="first", fails=(10, CLOSED))
    other = FakeRecogniser(name="other", at_finish=(Final("sales"),))
    metered = metered_recognisers({"first": first, "other": other}, meter)
    those = Recognisers(metered, ("first", "other"), switched=switch_counter(meter))
    for _ in range(2):
        async with speaking(those) as speaker:
            await speaker.says(1.0)
            assert await speaker.ends() == [Final("sales"), SpeechEnded()]
    [counted] = [family for family in meter.snapshot() if family["name"] == "offhook_recogniser_switches"]
    assert [(tuple(labels.values()), value) for _, labels, value in counted["samples"]] == [(("first",), 2)]
