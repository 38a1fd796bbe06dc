"""`offhook purge`: one caller is erased everywhere, and nobody else is touched."""

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select, update

from offhook.call.exchange import Exchange, Reply
from offhook.call.facts import VerbRan
from offhook.call.info import CallStatus, new_id
from offhook.call.listing import CallFilter
from offhook.call.rows import AccountRow
from offhook.call.voice_rows import VerbKind
from offhook.records.caller_number import ERASED, CallerNumber, NoNumber
from offhook.records.calls import Calls
from offhook.records.database import Database
from offhook.records.forgetting import forget_listed
from offhook.records.numbering import Listing
from offhook.records.numbers import Numbers
from offhook.records.outbox import State
from offhook.records.purging import Purge, PurgeRefused, Receipt
from offhook.records.tables import call_timelines, calls, gathers, notifications, outbox, purges
from offhook.records.vacuuming import vacuum
from offhook.records.voice_tables import verb_records
from offhook.verbs import Gathered, GatherEnd, Method, Request, Target
from tests.records import story
from tests.records.story import after, finished, gather, notified, record, started
from tests.records.test_accounts_and_numbers import number

CALLER = "+493012345678"
DIGITS = "493012345678"
SAID, PRESSED = "my secret is swordfish", "739154"
OTHER = "+15550001"
KEY = b"k" * 32


def exchange(caller: str, said: str) -> Exchange:
    """What an application was asked, and what it answered."""
    request = Request(
        Target(f"http://app.example/voice?From={caller}", Method.GET),
        (("From", caller), ("SpeechResult", said)),
    )
    return Exchange(
        request,
        Reply(
            url="http://app.example/voice", status=500, headers=(("X-Caller", caller),), body=caller.encode()
        ),
    )


def call(database: Database, account: AccountRow, caller: str, *, said: str = SAID, **fields: Any) -> str:
    """A whole call of a caller, with everything that can be kept of one."""
    call_id = new_id()
    told = Request(Target(f"http://app.example/status?c={caller}", Method.POST), (("From", caller),))
    details: dict[str, Any] = {"caller_name": "Erika Mustermann", "metadata": f"of {caller}", "if_lost": told}
    record(
        database,
        started(
            account.sid,
            call_id,
            from_=caller,
            **details | fields,
        ),
        *gather(
            account.sid, call_id, after(1), gathered=Gathered(end=GatherEnd.SPEECH, speech=said, keys=PRESSED)
        ),
        notified(
            account.sid,
            call_id,
            after(2),
            message=f"{caller} was not served",
            exchange=exchange(caller, said),
        ),
        VerbRan(
            record_id=new_id(),
            call_id=call_id,
            account_sid=account.sid,
            at=after(2),
            kind=VerbKind.REFER,
            status="failed",
            reason=f"{caller} is busy",
            details=(("from", "1000"), ("to", caller), ("play_uri", f"http://app.example/a.wav?to={caller}")),
        ),
        finished(
            account.sid,
            call_id,
            after(3),
            status=CallStatus.FAILED,
            reason=f"no route to {caller}",
            callbacks=(told,),
        ),
    )
    with database.writing() as connection:
        connection.execute(
            call_timelines.insert(),
            {
                "call_id": call_id,
                "chunk": 0,
                "account_sid": account.sid,
                "at": after(1),
                "events": [[1, "key", {"key": said}]],
            },
        )
        connection.execute(
            update(outbox)
            .where(outbox.c.call_id == call_id)
            .values(state=State.DONE.value, attempts=[{"head": caller}])
        )
    return call_id


def purge(database: Database, number: str = CALLER, **fields: object) -> Receipt:
    """Erase, as the command does."""
    fields.setdefault("recordings", Path("there are none"))
    erasing = Purge(database, CallerNumber(number), **fields)  # type: ignore[arg-type]
    receipt = erasing.erase(erasing.found(), digest_key=KEY)
    receipt.remains.extend(vacuum(database))
    return receipt


def everything(database: Database) -> str:
    """All rows of all tables that a call fills, as text."""
    with database.reading() as connection:
        tables = calls, gathers, notifications, outbox, call_timelines, verb_records, purges
        return "\n".join(repr(row) for table in tables for row in connection.execute(select(table)))


@pytest.mark.parametrize(
    "spelling",
    [
        CALLER,
        DIGITS,
        f"00{DIGITS}",
        "+49 (30) 1234-5678",
        f"sip:{CALLER}@carrier.example",
        f"sip:{DIGITS}@192.0.2.1:5060;user=phone",
        f'"Erika" <sip:{CALLER}@carrier.example>',
        f"tel:{CALLER}",
    ],
)
def test_a_caller_is_known_however_spelled(spelling: str) -> None:
    assert CallerNumber(CALLER).is_in(spelling)
    assert CallerNumber(spelling).is_in(CALLER)
    assert CallerNumber(spelling).digest(KEY) == CallerNumber(CALLER).digest(KEY)
    assert CallerNumber(CALLER).erased_from(f"from {CALLER}, again") == f"from {ERASED}, again"


@pytest.mark.parametrize("other", [f"{CALLER}9", f"+1{DIGITS}", CALLER[:-1], "", None, f"a{DIGITS}", "erika"])
def test_another_caller_is_another(other: str | None) -> None:
    assert not CallerNumber(CALLER).is_in(other)


def test_a_user_without_a_number_can_be_named() -> None:
    assert CallerNumber("sip:Alice@example.com").is_in("sip:alice@other.example")
    assert not CallerNumber("alice").is_in("alice2")
    for nobody in ("", " ", "sip:@example.com", "<>"):
        with pytest.raises(NoNumber):
            CallerNumber(nobody)


def test_nothing_tells_of_the_caller_any_more(database: Database, account: AccountRow) -> None:
    kept = call(database, account, OTHER, said="good morning")
    erased = [call(database, account, spelling) for spelling in (CALLER, f"sip:{CALLER}@carrier.example")]
    before = Calls(database).get(account.sid, kept)
    receipt = purge(database)
    assert receipt.rows == {
        "calls": 2,
        "gathers": 2,
        "notifications": 2,
        "outbox": 2,
        "call_timelines": 2,
        "verb_records": 2,
        "recordings": 0,
        "transcriptions": 0,
        "messages": 0,
    }
    left = everything(database)
    assert DIGITS not in left
    assert SAID not in left
    assert left.count(PRESSED) == 1
    assert left.count("Erika") == 1
    assert left.count("good morning") > 1
    assert Calls(database).get(account.sid, kept) == before
    page = Calls(database).page(account.sid, CallFilter(), offset=0, limit=10)
    assert [row.call_id for row in page.rows] == [*reversed(erased), kept]
    assert [row.from_ for row in page.rows] == [ERASED, ERASED, OTHER]


def test_the_bytes_are_gone_from_the_files(
    database: Database, database_kind: str, account: AccountRow, tmp_path: Path
) -> None:
    for _ in range(60):
        call(database, account, CALLER)
    forget_listed(
        database, Listing.CALLS, account.sid, after(0.03)
    )  # leaves bytes behind that no row has any more
    for _ in range(30):
        call(database, account, OTHER, said="good morning")
    receipt = purge(database)
    if database_kind == "sqlite":
        files = [path for path in tmp_path.iterdir() if path.name.startswith("offhook.db")]
        data = b"".join(path.read_bytes() for path in files)
        assert b"good morning" in data
        assert DIGITS.encode() not in data
        assert SAID.encode() not in data
        assert receipt.remains == []
    else:
        assert "PostgreSQL" in receipt.remains[0]


def test_a_caller_in_other_places_of_a_call_is_found(database: Database, account: AccountRow) -> None:
    call(database, account, OTHER, to=CALLER)
    call(database, account, OTHER, forwarded_from=DIGITS)
    call(database, account, OTHER, caller_name=CALLER)
    assert purge(database).rows["calls"] == 3
    rows = Calls(database).page(account.sid, CallFilter(), offset=0, limit=10).rows
    assert [(row.from_, row.to, row.forwarded_from) for row in rows] == [
        (OTHER, "+15550002", None),
        (OTHER, "+15550002", ERASED),
        (OTHER, ERASED, None),
    ]


def test_one_account_is_asked_for(database: Database, account: AccountRow) -> None:
    other = story.account(database)
    call(database, account, CALLER)
    call(database, other, CALLER)
    assert purge(database, account_sid=account.sid).rows["calls"] == 1
    rows = Calls(database).page(other.sid, CallFilter(), offset=0, limit=10).rows
    assert [row.from_ for row in rows] == [CALLER]


def test_counting_changes_nothing(database: Database, account: AccountRow) -> None:
    call(database, account, CALLER)
    before = everything(database)
    erasing = Purge(database, CallerNumber(CALLER), recordings=Path("there are none"))
    assert erasing.count(erasing.found())["calls"] == 1
    assert everything(database) == before


def test_a_running_call_is_waited_for(database: Database, account: AccountRow) -> None:
    record(database, started(account.sid, new_id(), from_=CALLER))
    with pytest.raises(PurgeRefused, match="run now"):
        purge(database)


def test_what_is_still_to_be_sent_is_told(database: Database, account: AccountRow) -> None:
    call_id = call(database, account, CALLER)

    def put(state: State) -> None:
        with database.writing() as connection:
            connection.execute(update(outbox).where(outbox.c.call_id == call_id).values(state=state.value))

    put(State.PENDING)
    with pytest.raises(PurgeRefused, match="--now"):
        purge(database)
    put(State.LEASED)
    with pytest.raises(PurgeRefused, match="this moment"):
        purge(database, drop_pending=True)
    put(State.PENDING)
    assert CALLER in everything(database)
    purge(database, drop_pending=True)
    assert DIGITS not in everything(database)
    with database.reading() as connection:
        assert connection.scalars(select(outbox.c.state)).all() == [State.DEAD.value]


def test_a_number_of_the_installation_is_no_caller(database: Database, account: AccountRow) -> None:
    Numbers(database).create(number(account.sid, CALLER))
    call(database, account, OTHER, to=CALLER)
    with pytest.raises(PurgeRefused, match="number of this installation"):
        purge(database)


def test_the_receipt_is_kept_without_the_number(database: Database, account: AccountRow) -> None:
    call(database, account, CALLER)
    receipt = purge(database)
    with database.reading() as connection:
        row = connection.execute(select(purges)).one()
    assert (row.purge_id, row.counts) == (receipt.purge_id, receipt.rows)
    assert row.number_digest == CallerNumber(CALLER).digest(KEY) != CallerNumber(OTHER).digest(KEY)
    assert purge(database).rows["calls"] == 0
    with database.reading() as connection:
        assert connection.scalar(select(func.count()).select_from(purges)) == 2
