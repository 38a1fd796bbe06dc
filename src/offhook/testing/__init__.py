"""Test a voice application without a telephone: a scripted caller, a clock that does not wait, a web stub.

    async def test_a_key_ends_the_menu():
        call = ScriptedCall("2.0 key 1")
        application = WebhookStub({"/voice": MENU, "/heard": "<Response><Say>one</Say></Response>"})
        await follow(call, application, dialect=Rcml(instance_id=32 * "0"))
        assert application.posted("/heard")["Digits"] == "1"
        assert call.heard == ["0.0 the menu starts", "2.0 the menu stops", "2.0 one starts", "2.3 one ends"]

The same pieces test Offhook itself; the scripted call keeps the contract that real SIP legs keep.
"""

from offhook.interpreter.rooms_here import LocalMeetings
from offhook.testing.fake_speech import FakeRecogniser, FakeVoice, SilentDecoder
from offhook.testing.follow import FolderTapes, Followed, follow
from offhook.testing.kept_facts import KeptFacts
from offhook.testing.kept_partials import KeptPartials
from offhook.testing.scripted_call import ScriptedCall
from offhook.testing.scripted_legs import Places, ScriptedLegs
from offhook.testing.scripted_lines import ScriptedLines
from offhook.testing.scripted_room import ScriptedRoom
from offhook.testing.virtual_clock import Deadlock, VirtualClockLoop, run_virtually
from offhook.testing.webhook_stub import Page, WebhookStub

__all__ = [
    "Deadlock",
    "FakeRecogniser",
    "FakeVoice",
    "FolderTapes",
    "Followed",
    "KeptFacts",
    "KeptPartials",
    "LocalMeetings",
    "Page",
    "Places",
    "ScriptedCall",
    "ScriptedLegs",
    "ScriptedLines",
    "ScriptedRoom",
    "SilentDecoder",
    "VirtualClockLoop",
    "WebhookStub",
    "follow",
    "run_virtually",
]
