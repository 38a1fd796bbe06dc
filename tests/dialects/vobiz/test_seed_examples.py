"""The examples of Vobiz' page on Gather, as their callers hear them and their applications are told."""

from offhook.speech.recogniser import Final, Partial
from offhook.testing import Page
from offhook.testing.fake_speech import FakeRecogniser
from tests.dialects.vobiz.dialogues import Dialogue, dialogue

DONE = "<Response><Speak>thank you</Speak></Response>"
STANDARD = (
    "CallUUID",
    "From",
    "To",
    "Direction",
    "CallStatus",
    "SessionStart",
    "ParentAuthID",
)

MENU = """<?xml version="1.0" encoding="UTF-8"?>
<Response>
    <Gather action="http://app.example/menu-choice" method="POST"
            inputType="dtmf" numDigits="1" executionTimeout="10">
        <Speak>Press 1 for sales, 2 for support, or 0 for an operator.</Speak>
    </Gather>
    <Speak>We didn't receive your input. Goodbye.</Speak>
    <Hangup/>
</Response>"""
ACCOUNT = """<?xml version="1.0" encoding="UTF-8"?>
<Response>
    <Gather action="http://app.example/account" method="POST"
            inputType="dtmf" numDigits="12" finishOnKey="#" executionTimeout="20">
        <Speak>Enter your account number, then press pound.</Speak>
    </Gather>
    <Redirect>http://app.example/answer</Redirect>
</Response>"""
INTENT = """<?xml version="1.0" encoding="UTF-8"?>
<Response>
    <Gather action="http://app.example/intent" method="POST"
            inputType="speech" language="en-US" speechEndTimeout="auto"
            hints="billing,support,sales">
        <Speak>In a few words, tell us what you're calling about.</Speak>
    </Gather>
    <Speak>Sorry, we didn't catch that.</Speak>
</Response>"""
CHOICE = """<?xml version="1.0" encoding="UTF-8"?>
<Response>
    <Gather action="http://app.example/choice" method="POST"
            inputType="dtmf speech" numDigits="1" speechEndTimeout="auto">
        <Speak>Say "yes" or press 1 to confirm. Say "no" or press 2 to cancel.</Speak>
    </Gather>
</Response>"""


def gathered(course: Dialogue, path: str) -> dict[str, str]:
    """What an action was told besides the standard parameters; these are all there."""
    [told] = course.told(path)
    assert set(STANDARD) <= set(told)
    return {name: value for name, value in told.items() if name not in STANDARD}


KEY = {"InputType": "dtmf", "Speech": "", "Event": "Redirect"}
SPOKEN = {"InputType": "speech", "Digits": "", "BilledAmount": "0.0000", "Event": "Redirect"}


class TestMenu:
    async def test_one_key_is_told_at_once(self) -> None:
        course = await dialogue(MENU, "1.0 key 2", menu_choice=DONE)
        assert gathered(course, "/menu-choice") == KEY | {"Digits": "2"}
        assert course.heard[-1] == "thank you ends"
        [told] = course.told("/menu-choice")
        assert (told["From"], told["Direction"]) == ("15550100", "inbound")

    async def test_nobody_presses_anything(self) -> None:
        course = await dialogue(MENU, menu_choice=DONE)
        assert gathered(course, "/menu-choice") == {"InputType": "", "Digits": "", "Speech": ""}
        assert course.heard[-1] == "We didn't receive your input. Goodbye. ends"
        assert (course.hangup["HangupCauseCode"], course.hangup["CallStatus"]) == ("4000", "completed")


class TestAccountNumber:
    async def test_the_finish_key_is_no_part_of_it(self) -> None:
        keys = tuple(f"{1 + number / 2} key {key}" for number, key in enumerate("4711#"))
        course = await dialogue(ACCOUNT, *keys, account=DONE)
        assert gathered(course, "/account") == KEY | {"Digits": "4711"}

    async def test_without_the_finish_key_what_is_there_counts(self) -> None:
        course = await dialogue(ACCOUNT, "1.0 key 4", "1.5 key 7", account=DONE)
        assert gathered(course, "/account") == KEY | {"Digits": "47"}

    async def test_nothing_leads_where_the_document_leads(self) -> None:
        course = await dialogue(ACCOUNT, account="<Response/>", answer=DONE)
        assert gathered(course, "/account") == {"InputType": "", "Digits": "", "Speech": ""}
        [redirected] = course.told("/answer")
        assert redirected["Event"] == "Redirect"
        assert course.heard[-1] == "thank you ends"


class TestIntent:
    async def test_what_was_said_is_told(self) -> None:
        hears = FakeRecogniser.that_hears("I have a billing question", confidence=0.917)
        course = await dialogue(INTENT, "7.0 says 2", recogniser=hears, intent=DONE)
        assert gathered(course, "/intent") == SPOKEN | {
            "Speech": "I have a billing question",
            "SpeechConfidenceScore": "0.92",
        }
        assert course.heard[-1] == "thank you ends"
        [options] = hears.asked
        assert (options.language, options.hints) == ("en-US", ("billing", "support", "sales"))

    async def test_nobody_says_anything(self) -> None:
        course = await dialogue(INTENT, intent=DONE)
        assert gathered(course, "/intent") == {"InputType": "", "Digits": "", "Speech": ""}
        assert course.heard[-1] == "Sorry, we didn't catch that. ends"
        assert course.hangup["HangupCauseName"] == "End Of XML Instructions"

    async def test_what_nobody_understands_is_as_if_nothing_was_said(self) -> None:
        course = await dialogue(INTENT, "7.0 says 2", recogniser=FakeRecogniser(), intent=DONE)
        assert gathered(course, "/intent") == {"InputType": "", "Digits": "", "Speech": ""}
        assert course.heard[-1] == "Sorry, we didn't catch that. ends"


class TestSpeechOrKeys:
    async def test_a_key(self) -> None:
        course = await dialogue(CHOICE, "1.0 key 2", choice=DONE)
        assert gathered(course, "/choice") == KEY | {"Digits": "2"}

    async def test_a_word(self) -> None:
        hears = FakeRecogniser.that_hears("yes", confidence=0.5)
        course = await dialogue(CHOICE, "8.0 says 0.6", recogniser=hears, choice=DONE)
        spoken = SPOKEN | {"Speech": "yes", "SpeechConfidenceScore": "0.50"}
        assert gathered(course, "/choice") == spoken

    async def test_the_key_that_comes_first_shuts_the_ear(self) -> None:
        hears = FakeRecogniser.that_hears("no")
        course = await dialogue(CHOICE, "8.0 key 1", "8.2 says 1", recogniser=hears, choice=DONE)
        assert gathered(course, "/choice") == KEY | {"Digits": "1"}


async def test_words_so_far_are_told_in_their_order() -> None:
    interim = INTENT.replace(
        'inputType="speech"', 'inputType="speech" interimSpeechResultsCallback="http://app.example/interim"'
    )
    hears = FakeRecogniser(
        events=((0.5, Partial("I have")), (1.0, Partial("I have a bill"))),
        at_finish=(Final("I have a billing question", 0.9),),
    )
    course = await dialogue(interim, "7.0 says 2", recogniser=hears, intent=DONE)
    told = [dict(request.parameters) for request in course.done.partials.requests]
    assert [one["SequenceNumber"] for one in told][:2] == ["0", "1"]
    assert told[0]["UnstableSpeech"] == "I have"
    assert {request.target.url for request in course.done.partials.requests} == {"http://app.example/interim"}


async def test_redirect_false_goes_on_behind_the_gather() -> None:
    voice = MENU.replace('inputType="dtmf"', 'inputType="dtmf" redirect="false"')
    course = await dialogue(voice, "1.0 key 2", menu_choice=DONE)
    assert gathered(course, "/menu-choice") == {"InputType": "dtmf", "Digits": "2", "Speech": ""}
    assert course.heard[-1] == "We didn't receive your input. Goodbye. ends"


async def test_the_fallback_answers_where_the_answer_url_cannot() -> None:
    course = await dialogue("<Response>&</Response>", fallback=MENU)
    [asked] = course.told("/fallback")
    assert asked["Event"] == "StartApp"
    assert course.heard[-1] == "We didn't receive your input. Goodbye. ends"


async def test_without_a_fallback_the_call_ends_and_its_end_is_told() -> None:
    course = await dialogue(Page(status=503))
    assert (course.hangup["Event"], course.hangup["HangupCauseCode"]) == ("Hangup", "7011")
    assert (course.hangup["HangupCauseName"], course.hangup["HangupSource"]) == (
        "Error Reaching Answer URL",
        "Error",
    )
