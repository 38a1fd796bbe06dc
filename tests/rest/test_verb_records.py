"""Says, Plays, Holds, Resumes and Refers: what ran, and doing one of them to a call that runs."""

from collections.abc import Callable

import pytest
from lxml import etree

from offhook.call.facts import VerbRan
from offhook.call.info import CallStatus, new_id
from offhook.call.voice_rows import VerbKind
from offhook.rest.live_ports import CallIsOver, CallNotAnswered, LiveVerb, OwnerAway
from offhook.verbs import Hold, Play, Refer, Resume, Say
from tests.records import story
from tests.records.story import INSTANCE, after, progressed, started
from tests.rest.site import Site

CALL = "d9e08ede8b604e739ba7d0bd477fdf49"
SID = f"ID{INSTANCE}-CA{CALL}"
PREFIXES = {"Says": "SA", "Plays": "PL", "Holds": "HO", "Resumes": "RM", "Refers": "RF"}


def ran(site: Site, kind: VerbKind = VerbKind.SAY, seconds: float = 0, **fields: object) -> VerbRan:
    given = {"record_id": new_id(), "call_id": CALL, "account_sid": site.account.sid, "status": "completed"}
    return VerbRan(**{"at": after(seconds), "kind": kind, **given, **fields})  # type: ignore[arg-type]


async def test_a_say_as_it_is_shown(site: Site) -> None:
    details = (
        ("provider", "espeak"),
        ("language", "en"),
        ("voice", "man"),
        ("loop", 1),
        ("character_count", 5),
    )
    fact = ran(site, duration_s=1.25, details=details)
    site.record(fact)
    sid = f"SA{fact.record_id}"
    shown = await site.json(site.at(f"/Says/{sid}"))
    assert shown == {
        "sid": sid,
        "account_sid": site.account.sid,
        "org_sid": site.account.organization_sid,
        "call_sid": SID,
        "api_version": "2012-04-24",
        "uri": f"/2012-04-24/Accounts/{site.account.sid}/Says/{sid}.json",
        "date_created": "2026-03-09T12:00:00.000Z",
        "status": "completed",
        "reason": "",
        "duration": 1.25,
        "provider": "espeak",
        "language": "en",
        "voice": "man",
        "loop": 1,
        "character_count": 5,
    }


async def test_response_codes_are_text_and_what_is_not_known_is_left_out(site: Site) -> None:
    details = (("to", "sip:bob@example.com"), ("call_status", None), ("refer_sip_response_code", 603))
    site.record(ran(site, VerbKind.REFER, status="failed", details=details))
    [shown] = (await site.json(site.at("/Refers")))["refers"]
    assert (shown["to"], shown["refer_sip_response_code"]) == ("sip:bob@example.com", "603")
    assert not {"call_status", "notify_sip_response_code", "error_code"} & shown.keys()


async def test_json_for_who_does_not_care_and_xml_for_who_asks(site: Site) -> None:
    site.record(ran(site, VerbKind.HOLD, details=(("sip_response_code", 200),)))
    plain = await site.ask(site.at("/Holds"))
    assert plain.json()["holds"][0]["sip_response_code"] == "200"
    xml = await site.ask(site.at("/Holds"), headers={"accept": "application/xml"})
    assert etree.fromstring(xml.content).findtext("Holds/Hold/SipResponseCode") == "200"


async def test_a_list_is_narrowed(site: Site) -> None:
    other = story.account(site.database)
    facts = [ran(site, seconds=60 * minute, call_id=f"{minute % 2:032x}") for minute in range(4)]
    site.record(*facts, ran(site, VerbKind.PLAY), ran(site, account_sid=other.sid))

    async def sids(query: str = "") -> list[str]:
        return [say["sid"][2:] for say in (await site.json(site.at(f"/Says{query}")))["says"]]

    newest_first = [fact.record_id for fact in reversed(facts)]
    assert await sids() == newest_first
    assert await sids("?DateCreated=2026-03-09T12:02:00") == newest_first[:2]
    assert await sids(f"?CallSid=ID{INSTANCE}-CA{1:032x}") == newest_first[::2]
    assert await sids("?CallSid=nonsense") == []
    page = await site.json(site.at("/Says?PageSize=3&Page=1"))
    assert (page["total"], len(page["says"])) == (4, 1)
    assert (await site.ask(site.at("/Says?DateCreated=yesterday"))).status_code == 400


@pytest.mark.parametrize(("name", "prefix"), PREFIXES.items())
async def test_what_is_not_there(site: Site, name: str, prefix: str) -> None:
    fact = ran(site, VerbKind.SAY)
    site.record(fact)
    for sid in (f"{prefix}{new_id()}", "nonsense", f"{prefix if prefix != 'SA' else 'PL'}{fact.record_id}"):
        assert (await site.ask(site.at(f"/{name}/{sid}"))).status_code == 404
    assert (await site.json(site.at(f"/{name}")))["total"] == (1 if name == "Says" else 0)


def running(site: Site) -> None:
    site.record(
        started(site.account.sid, CALL, after(0)),
        progressed(site.account.sid, CALL, after(2), CallStatus.IN_PROGRESS),
    )


def ends_at_once(site: Site, kind: VerbKind) -> Callable[[str], bool]:
    """The verb ends, and its record is written."""

    def end(record_id: str) -> bool:
        site.record(ran(site, kind, record_id=record_id, status="held"))
        return True

    return end


@pytest.mark.parametrize(
    ("name", "form", "verb"),
    [
        ("Says", {"Text": " Hello \n there "}, Say(text="Hello there", voice="man", language="en")),
        (
            "Says",
            {"Text": "Salut", "Voice": "woman", "Language": "fr", "Loop": "0"},
            Say(text="Salut", voice="woman", language="fr", loop=0),
        ),
        (
            "Plays",
            {"Url": "http://app.example/a.wav", "Loop": "3"},
            Play(url="http://app.example/a.wav", loop=3),
        ),
        ("Holds", {}, Hold()),
        ("Holds", {"HoldMusic": "http://app.example/m.wav"}, Hold(music_url="http://app.example/m.wav")),
        ("Resumes", {}, Resume()),
        ("Refers", {"Target": "sip:bob@example.com"}, Refer(to="sip:bob@example.com")),
        ("Refers", {"To": "+15551234567"}, Refer(to="+15551234567")),
    ],
)
async def test_a_running_call_is_acted_on(
    site: Site, name: str, form: dict[str, str], verb: LiveVerb
) -> None:
    running(site)
    shown = await site.json(site.at(f"/{name}"), method="POST", form={"CallSid": SID, **form})
    assert site.lines.acts == [(CALL, verb)]
    assert (shown["sid"][:2], shown["call_sid"], shown["status"]) == (PREFIXES[name], SID, "in-progress")


async def test_a_verb_that_ends_at_once_is_answered_with_its_record(site: Site) -> None:
    running(site)
    site.lines.when_acted = ends_at_once(site, VerbKind.HOLD)
    shown = await site.json(site.at("/Holds"), method="POST", form={"CallSid": SID})
    assert (shown["status"], shown["duration"]) == ("held", 0)
    assert await site.json(site.at(f"/Holds/{shown['sid']}")) == shown


@pytest.mark.parametrize(
    ("name", "form", "words"),
    [
        ("Says", {"CallSid": SID}, "Text is required"),
        ("Says", {"Text": "hi"}, "CallSid is required"),
        ("Says", {"CallSid": SID, "Text": "hi", "Voice": "robot"}, "Voice must be man or woman"),
        ("Says", {"CallSid": SID, "Text": "hi", "Language": "!"}, "Language must be"),
        ("Says", {"CallSid": SID, "Text": "hi", "Loop": "-1"}, "Loop must be"),
        ("Says", {"CallSid": SID, "Text": "x" * 5000}, "must not be longer"),
        ("Plays", {"CallSid": SID}, "Url is required"),
        ("Plays", {"CallSid": SID, "Url": "a.wav"}, "Url must be an absolute"),
        ("Holds", {"CallSid": SID, "HoldMusic": "x"}, "HoldMusic must be an absolute"),
        ("Refers", {"CallSid": SID}, "Target is required"),
        ("Refers", {"CallSid": SID, "Target": "bob"}, "Target must be a SIP URI"),
        ("Resumes", {"CallSid": "CA1"}, "no call's sid"),
    ],
)
async def test_what_cannot_be_is_refused(site: Site, name: str, form: dict[str, str], words: str) -> None:
    running(site)
    answer = await site.ask(site.at(f"/{name}"), method="POST", form=form)
    assert (answer.status_code, words in answer.json()["message"]) == (400, True)
    assert site.lines.acts == []


@pytest.mark.parametrize(
    ("refusal", "status"),
    [(CallIsOver("over"), 410), (CallNotAnswered("rings"), 409), (OwnerAway("gone"), 503)],
)
async def test_a_call_that_cannot_be_acted_on(site: Site, refusal: Exception, status: int) -> None:
    running(site)
    site.lines.refusal = refusal
    answer = await site.ask(site.at("/Resumes"), method="POST", form={"CallSid": SID})
    assert answer.status_code == status
    unknown = f"ID{INSTANCE}-CA{new_id()}"
    assert (await site.ask(site.at("/Resumes"), method="POST", form={"CallSid": unknown})).status_code == 404
