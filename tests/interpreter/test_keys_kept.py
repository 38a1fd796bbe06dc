"""No key is lost: whatever is typed from the beginning of a Gather to its end is delivered, in order."""

from hypothesis import given, settings
from hypothesis import strategies as st

from offhook.call.facts import TimelineKept
from offhook.dialects.rcml.dialect import Rcml
from offhook.testing import Followed, Page, ScriptedCall, WebhookStub, follow, run_virtually
from offhook.verbs import GatherEnd

RCML = Rcml(instance_id=32 * "0")

moments = st.lists(st.tuples(st.sampled_from("0123456789*"), st.integers(1, 30)), min_size=1, max_size=8)
"""Keys, and the tenths of a second before each."""


def gathering(*attributes: str) -> str:
    return (
        f'<Response><Gather action="chosen" {" ".join(attributes)}><Say>hello</Say><Pause length="1"/>'
        f"<Play>sound.wav</Play><Say>choose now</Say></Gather></Response>"
    )


def script(keys: list[tuple[str, int]]) -> tuple[str, ...]:
    """Lines of a scripted caller; a shift of a few milliseconds keeps keys off the instants at which timers run out."""
    lines, at = [], 0
    for key, tenths in keys:
        at += tenths
        lines.append(f"{at / 10 + 0.003:.3f} key {key}")
    return tuple(lines)


def typed_of(done: Followed) -> list[tuple[str, bool]]:
    """Each key that the timeline tells, and whether anything listened."""
    events = [event for part in done.facts.of(TimelineKept) for event in part.events]
    return [(str(facts["key"]), bool(facts["is_heard"])) for _, kind, facts in events if kind == "key"]


@settings(max_examples=40, deadline=None)
@given(keys=moments, fetch_tenths=st.integers(0, 60), input_=st.sampled_from(["dtmf", "dtmf speech"]))
def test_all_that_is_typed_is_delivered_whatever_is_played_or_fetched_meanwhile(
    keys: list[tuple[str, int]], fetch_tenths: int, input_: str
) -> None:
    app = WebhookStub(
        {
            "/voice": gathering(f'input="{input_}"', 'timeout="4"', 'finishOnKey="#"'),
            "/sound.wav": Page(body="2 s", content_type="audio/wav", after_s=fetch_tenths / 10),
            "/chosen": "<Response/>",
        }
    )

    async def call() -> Followed:
        return await follow(ScriptedCall(*script(keys)), app, dialect=RCML)

    done = run_virtually(call())
    assert app.posted("/chosen")["Digits"] == "".join(key for key, _ in keys)
    assert all(is_heard for _, is_heard in typed_of(done))


@settings(max_examples=40, deadline=None)
@given(keys=moments, think_tenths=st.integers(0, 30), count=st.integers(1, 3))
def test_from_verb_to_verb_each_key_is_delivered_once_or_told_as_unheard(
    keys: list[tuple[str, int]], think_tenths: int, count: int
) -> None:
    again = Page(body=gathering(f'numDigits="{count}"', 'timeout="4"'), after_s=think_tenths / 10)
    app = WebhookStub(
        {
            "/voice": again,
            "/sound.wav": Page(body="2 s", content_type="audio/wav", after_s=0.5),
            "/chosen": (again, again, again, again, again, again, again, again, "<Response/>"),
        }
    )

    async def call() -> Followed:
        return await follow(ScriptedCall(*script(keys), "90 hangs up"), app, dialect=RCML)

    done = run_virtually(call())
    posted = [
        dict(request.parameters).get("Digits", "")
        for request in app.requests
        if "Digits" in dict(request.parameters)
    ]
    told = typed_of(done)
    assert [key for key, _ in told] == [key for key, _ in keys][: len(told)]
    assert "".join(posted) == "".join(key for key, is_heard in told if is_heard)


def test_a_key_during_the_making_of_prompts_ends_the_gather_without_playing_them() -> None:
    app = WebhookStub(
        {
            "/voice": gathering('numDigits="1"'),
            "/sound.wav": Page(body="2 s", content_type="audio/wav", after_s=1.5),
            "/chosen": "<Response/>",
        }
    )

    async def call() -> list[str]:
        caller = ScriptedCall("0.7 key 5")
        await follow(caller, app, dialect=RCML)
        return caller.heard

    assert run_virtually(call()) == []
    assert app.posted("/chosen")["Digits"] == "5"


def test_keys_before_the_prompts_are_in_the_record_of_a_gather_that_was_cut_short() -> None:
    app = WebhookStub(
        {
            "/voice": gathering(),
            "/sound.wav": Page(body="2 s", content_type="audio/wav", after_s=5.0),
        }
    )

    async def call() -> Followed:
        return await follow(ScriptedCall("0.7 key 5", "1.1 key 6", "2.0 hangs up"), app, dialect=RCML)

    [gather] = run_virtually(call()).gathers
    assert (gather.gathered.end, gather.gathered.keys) == (GatherEnd.HANG_UP, "56")
