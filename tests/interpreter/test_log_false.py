"""With `log="false"` what the caller types and says is sent to the application, and is found nowhere else.

A whole call runs on the virtual clock, its facts are written by a real recorder, once into a database and once into the
journal of a worker whose database is away. Then every row, file and log line is searched.
"""

import itertools
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote_plus

import pytest
from sqlalchemy import select
from structlog.testing import capture_logs

from offhook.call.discretion import HIDDEN
from offhook.call.facts import Fact, GatherFinished, NotificationRaised, TimelineKept
from offhook.dialects.rcml.dialect import Rcml
from offhook.records import migrate
from offhook.records.all_tables import metadata
from offhook.records.database import Database
from offhook.records.entry import Entry
from offhook.records.fact_codec import decode, encode
from offhook.records.journal import Author, Journal
from offhook.speech.recogniser import FailureKind, Final, Partial, SpeechFailed
from offhook.testing import FakeRecogniser, Followed, Page, ScriptedCall, WebhookStub, follow
from offhook.testing.scripted_call import SOME_CALL
from offhook.verbs import GatherEnd
from tests.records.story import account, record

RCML = Rcml(instance_id=32 * "0")
PIN, PHRASE, CONFIDENCE = "8346109257", "open sesame please", 0.8765
HALF = PHRASE[:11]
OF_SPEECH = (PHRASE, HALF, "sesame", quote_plus(PHRASE), str(CONFIDENCE))
TYPED = tuple(f"{0.5 + number / 10:.1f} key {key}" for number, key in enumerate(PIN))
BYE = "<Response><Say>bye</Say></Response>"


def ask(attributes: str, *, log: str = "false") -> str:
    return (
        f'<Response><Gather log="{log}" action="heard" {attributes}><Say>tell me</Say></Gather>'
        "<Say>nothing heard</Say></Response>"
    )


@pytest.fixture
def lines() -> Iterator[list[Any]]:
    """All that is logged, at whatever level."""
    with capture_logs() as captured:
        yield captured


@pytest.fixture(scope="module")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with empty tables, to be copied."""
    file = tmp_path_factory.mktemp("migrated") / "offhook.db"
    migrate.upgrade(f"sqlite:///{file}")
    return file


@pytest.fixture
def folder(migrated: Path, tmp_path: Path) -> Path:
    """A folder with an empty database in it."""
    shutil.copy(migrated, tmp_path / "offhook.db")
    return tmp_path


def kept_of(done: Followed, folder: Path) -> str:
    """All that is left of a call: its rows, its journal, and its facts."""
    database = Database(f"sqlite:///{folder}/offhook.db")
    account(database, SOME_CALL.account_sid)
    record(database, *done.facts.facts)
    with database.reading() as connection:
        rows = [repr(row) for table in metadata.sorted_tables for row in connection.execute(select(table))]
    database.close()
    assert any(done.call_id in row for row in rows)
    numbers = itertools.count()
    journal = Journal(folder, Author(worker_id="worker-1", instance_id=32 * "0"))
    journal.append([Entry(fact, f"{next(numbers):032x}") for fact in done.facts.facts])
    files = [path.read_bytes().decode("latin-1") for path in folder.iterdir()]
    journal.close()
    return "\n".join([*rows, *files, *map(repr, done.facts.facts)])


def timeline(done: Followed) -> list[tuple[str, dict[str, Any]]]:
    parts = done.facts.of(TimelineKept)
    return [(kind, dict(facts)) for part in parts for _, kind, facts in part.events]


def told(done: Followed, kind: str, fact: str) -> list[object]:
    return [facts.get(fact) for its_kind, facts in timeline(done) if its_kind == kind]


HEARD: dict[str, str | Page | tuple[str | Page, ...]] = {
    "taken": BYE,
    "repeated": f"<Response><Say>{PIN} and {PHRASE}</Say><Redirect>next?pin={PIN}</Redirect></Response>",
    "failing": Page(status=500, body=f"no such pin: {PIN} {PHRASE}", headers=(("X-Pin", PIN),)),
    "asked again": (Page(status=503, body=f"{PIN} {PHRASE}"), BYE),
    "no document": Page(body=f"<Response><Say>{PIN} {PHRASE}</Response>"),
    "a bad attribute": f'<Response><Say loop="{PIN}">{PHRASE}</Say></Response>',
    "gone": Page(status=404, body=PIN),
}


@pytest.mark.parametrize("method", ["POST", "GET"])
@pytest.mark.parametrize("heard", list(HEARD))
async def test_what_is_typed_is_kept_nowhere(heard: str, method: str, folder: Path, lines: list[Any]) -> None:
    voice = ask(f'method="{method}" numDigits="{len(PIN)}"')
    app = WebhookStub({"/voice": voice, "/heard": HEARD[heard], "/next": BYE, "/fallback": BYE})
    done = await follow(ScriptedCall(*TYPED), app, dialect=RCML, fallback="/fallback")
    assert app.posted("/heard")["Digits"] == PIN
    [gathered] = done.gathers
    assert (gathered.gathered.end, gathered.gathered.keys) == (GatherEnd.KEYS, "")
    assert told(done, "key", "key") == [HIDDEN] * len(PIN)
    assert PIN not in kept_of(done, folder) + repr(lines)


@pytest.mark.parametrize("heard", list(HEARD))
async def test_what_is_said_is_kept_nowhere(heard: str, folder: Path, lines: list[Any]) -> None:
    voice = ask('input="speech" postTimeout="1" partialResultCallback="partly"')
    app = WebhookStub(
        {"/voice": voice, "/heard": HEARD[heard], "/next": BYE, "/partly": "", "/fallback": BYE}
    )
    recogniser = FakeRecogniser(
        events=((1.0, Partial(HALF)), (1.8, Partial(PHRASE))), at_finish=(Final(PHRASE, CONFIDENCE),)
    )
    done = await follow(
        ScriptedCall("1.0 says 1.0"), app, dialect=RCML, recogniser=recogniser, fallback="/fallback"
    )
    posted = app.posted("/heard")
    assert (posted["SpeechResult"], posted["Confidence"]) == (PHRASE, f"{CONFIDENCE:.4f}")
    assert [dict(request.parameters)["UnstableSpeechResult"] for request in done.partials.requests] == [
        HALF,
        PHRASE,
    ]
    assert told(done, "partial", "text") == [HIDDEN, HIDDEN]
    kept = kept_of(done, folder) + repr(lines)
    assert [words for words in OF_SPEECH if words in kept] == []


async def test_a_caller_who_leaves_in_the_middle_leaves_nothing(folder: Path) -> None:
    app = WebhookStub({"/voice": ask('numDigits="20"'), "/heard": BYE})
    done = await follow(ScriptedCall(*TYPED, "1.6 hangs up"), app, dialect=RCML)
    [gathered] = done.gathers
    assert (gathered.gathered.end, gathered.gathered.keys) == (GatherEnd.HANG_UP, "")
    assert told(done, "key", "key") == [HIDDEN] * len(PIN)
    assert PIN not in kept_of(done, folder)


async def test_who_types_ahead_or_types_on_is_not_written_down_either() -> None:
    voice = '<Response><Say>your pin comes next</Say><Gather log="false" numDigits="2" action="heard"/></Response>'
    again = '<Response><Say>a moment please</Say><Gather numDigits="1" action="bye"><Say>now</Say></Gather></Response>'
    call = ScriptedCall("1.0 key 7", "2.5 key 8", "2.6 key 9", "3.0 key 4", "4.5 key 5")
    done = await follow(call, WebhookStub({"/voice": voice, "/heard": again, "/bye": BYE}), dialect=RCML)
    assert told(done, "key", "key") == [HIDDEN, HIDDEN, HIDDEN, HIDDEN, "5"]
    assert [gathered.gathered.keys for gathered in done.gathers] == ["", "5"]


async def test_what_is_left_of_a_text_does_not_tell_what_was_taken_out(folder: Path) -> None:
    voice = ask('input="speech" postTimeout="1"').replace("tell me", "say yellow or green")
    app = WebhookStub({"/voice": voice, "/heard": voice.replace('log="false"', 'log="false" timeout="1"')})
    recogniser = FakeRecogniser.that_hears("yellow")
    done = await follow(ScriptedCall("2.5 says 1.0"), app, dialect=RCML, recogniser=recogniser)
    assert app.posted("/heard")["SpeechResult"] == "yellow"
    kept = kept_of(done, folder)
    assert "yellow" not in kept
    assert "green" not in kept


async def test_a_gather_that_may_be_kept_is_kept_as_ever(folder: Path) -> None:
    voice = ask(f'numDigits="{len(PIN)}"', log="true")
    app = WebhookStub({"/voice": voice, "/heard": Page(status=500, body="no"), "/fallback": BYE})
    done = await follow(ScriptedCall(*TYPED), app, dialect=RCML, fallback="/fallback", retry_s=0)
    assert told(done, "key", "key") == list(PIN)
    assert told(done, "verb_over", "outcome")[0] == f"keys {PIN}"
    assert done.gathers[0].gathered.keys == PIN
    [notified] = done.notifications
    assert notified.exchange is not None
    assert ("Digits", PIN) in notified.exchange.request.parameters
    assert PIN in kept_of(done, folder)


async def test_what_the_customer_is_told_of_a_failure_still_says_what_failed() -> None:
    app = WebhookStub(
        {"/voice": ask(f'numDigits="{len(PIN)}"'), "/heard": Page(status=500, body=f"wrong: {PIN}")}
    )
    done = await follow(ScriptedCall(*TYPED), app, dialect=RCML, retry_s=0)
    [notified] = done.notifications
    assert "answered 500" in notified.message
    assert notified.exchange is not None
    assert notified.exchange.reply is not None
    assert notified.exchange.request.target.url == "http://app.example/heard"
    told_then = dict(notified.exchange.request.parameters)
    assert (told_then["Digits"], told_then["CallStatus"]) == (HIDDEN, "in-progress")
    assert notified.exchange.reply.status == 500
    assert told(done, "verb_over", "outcome")[0] == "keys, which are not kept"
    assert [body == HIDDEN for body in told(done, "webhook", "body")] == [False, True]


def test_facts_of_an_older_version_are_read_as_ever() -> None:
    of_old = {
        "fact": "GatherFinished",
        "gather_id": 32 * "1",
        "call_id": 32 * "2",
        "account_sid": "AC1",
        "at": "2026-01-01T12:00:00+00:00",
        "is_speech": True,
        "gathered": {"end": "keys", "keys": "12", "speech": "", "confidence": None, "detail": ""},
        "duration_s": 1.0,
    }
    fact = decode(of_old)
    assert isinstance(fact, GatherFinished)
    assert (fact.provider, fact.switches, fact.gathered.keys) == ("", (), "12")
    later: Fact = decode(json.loads(json.dumps(encode(fact))))
    assert later == fact


def test_a_notification_is_one_of_those_that_are_searched() -> None:
    """Else the tests above would look into nothing."""
    assert NotificationRaised.__name__ in {kind.__name__ for kind in Fact.__args__}


@pytest.mark.parametrize("log", ["false", "true"])
async def test_what_a_recogniser_that_fails_quotes_is_kept_only_where_it_may_be(
    log: str, folder: Path, lines: list[Any]
) -> None:
    quoting = SpeechFailed(FailureKind.BROKEN, f"cannot make sense of {PHRASE!r}")
    voice = ask('input="speech" postTimeout="1" actionOnEmptyResult="true"', log=log)
    app = WebhookStub({"/voice": voice, "/heard": BYE})
    done = await follow(
        ScriptedCall("1.0 says 1.0"), app, dialect=RCML, recogniser=FakeRecogniser(fails=(30, quoting))
    )
    assert [gather.gathered.end for gather in done.gathers] == [GatherEnd.RECOGNISER_FAILED]
    assert [notification.code for notification in done.notifications] == [13334]
    assert (PHRASE in kept_of(done, folder) + repr(lines)) is (log == "true")
