"""GetDigits: keys that are not valid, what is heard then, and the beep before an input."""

from offhook.call.facts import GatherFinished
from offhook.testing import Page
from offhook.verbs import GatherEnd
from tests.dialects.vobiz.dialogues import dialogue

WRONG = "http://app.example/wrong"
SOUND = Page(body="1.0 s", content_type="audio/wav")
OVER = "<Response/>"


def get_digits(attributes: str = "") -> str:
    return (
        f'<Response><GetDigits action="http://app.example/got" numDigits="2" {attributes}>'
        "<Speak>digits</Speak></GetDigits><Speak>none</Speak></Response>"
    )


async def test_after_keys_that_are_not_valid_a_sound_is_heard_and_it_is_asked_again() -> None:
    voice = get_digits(f'validDigits="123" invalidDigitsSound="{WRONG}" retries="3"')
    course = await dialogue(voice, "1.0 key 1", "1.5 key 9", "4.0 key 3", "4.5 key 2", got=OVER, wrong=SOUND)
    assert course.heard == [
        "digits starts",
        "digits ends",
        f"{WRONG} starts",
        f"{WRONG} ends",
        "digits starts",
        "digits ends",
    ]
    assert [told["Digits"] for told in course.told("/got")] == ["32"]
    ends = [fact.gathered.end for fact in course.done.facts.of(GatherFinished)]
    assert ends == [GatherEnd.NO_MATCH, GatherEnd.KEYS]


async def test_after_the_last_try_the_next_element_runs() -> None:
    course = await dialogue(get_digits('validDigits="123"'), "1.0 key 4", "1.2 key 5", got=OVER)
    assert course.heard[-1] == "none ends"
    assert course.told("/got") == []


async def test_a_sound_that_cannot_be_had_harms_nobody() -> None:
    voice = get_digits(f'validDigits="1" invalidDigitsSound="{WRONG}" retries="2"')
    course = await dialogue(voice, "1.0 key 2", "1.2 key 2", "3.0 key 1", "3.2 key 1", got=OVER)
    assert [told["Digits"] for told in course.told("/got")] == ["11"]
    assert [note.message for note in course.done.notifications if "It was skipped" in note.message]


async def test_the_finish_key_is_always_valid() -> None:
    course = await dialogue(get_digits('validDigits="123"'), "1.0 key 3", "1.2 key #", got=OVER)
    assert [told["Digits"] for told in course.told("/got")] == ["3"]


async def test_a_beep_is_heard_before_the_input_and_a_key_cuts_it_short() -> None:
    course = await dialogue(get_digits('playBeep="true"'), "0.7 key 1", "1.2 key 2", got=OVER)
    assert [line.split(" ", 1)[1] for line in course.call.heard] == [
        "digits starts",
        "digits ends",
        "beep starts",
        "beep stops",
    ]
    assert [told["Digits"] for told in course.told("/got")] == ["12"]
