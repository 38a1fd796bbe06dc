"""Test a voice application without a telephone: a scripted caller, a clock that does not wait, a web stub.

    async def test_a_key_ends_the_menu():
        call = ScriptedCall("2.0 key 1", "9.0 hangs up")
        stub = WebhookStub({"/voice": MENU, "/heard": "<Response/>"})
        await follow(call, stub, first="/voice", dialect=...)
        assert stub.posted("/heard")["Digits"] == "1"

The same pieces test Offhook itself; the scripted call keeps the contract that real SIP legs keep.
"""

from offhook.testing.fake_speech import FakeRecogniser, FakeVoice, SilentDecoder
from offhook.testing.kept_facts import KeptFacts
from offhook.testing.kept_partials import KeptPartials
from offhook.testing.scripted_call import ScriptedCall
from offhook.testing.virtual_clock import Deadlock, VirtualClockLoop, run_virtually
from offhook.testing.webhook_stub import WebhookStub

__all__ = [
    "Deadlock",
    "FakeRecogniser",
    "FakeVoice",
    "KeptFacts",
    "KeptPartials",
    "ScriptedCall",
    "SilentDecoder",
    "VirtualClockLoop",
    "WebhookStub",
    "run_virtually",
]
