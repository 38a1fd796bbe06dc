"""Which number a call is for: patterns, applications, and accounts that are not active."""

from dataclasses import replace

import pytest

from offhook.call.info import new_id
from offhook.call.resource_rows import ApplicationRow
from offhook.call.rows import AccountRow, AccountStatus, RecordAll
from offhook.records.accounts import Accounts
from offhook.records.applications import Applications
from offhook.records.database import Database
from offhook.records.numbers import Numbers
from offhook.verbs import Method, Target
from tests.records import story
from tests.records.story import NOON, after
from tests.records.test_accounts_and_numbers import number


def application(account: AccountRow, url: str | None) -> ApplicationRow:
    """An application that is not kept yet."""
    return ApplicationRow(
        sid=f"AP{new_id()}",
        account_sid=account.sid,
        friendly_name="Menu",
        url=url,
        api_version="2012-04-24",
        date_created=NOON,
        date_updated=NOON,
    )


@pytest.mark.parametrize(
    ("called", "found"),
    [
        ("1234", "1234"),
        ("+1234", "1234"),
        ("1299", "12[0-9]{2}"),
        ("+1299", "12[0-9]{2}"),
        ("1300", "1[0-9]+"),
        ("+49301234", r"+4930\d+"),
        ("49301234", r"+4930\d+"),
        ("*97", "*97"),
        ("*9755", "*97[0-9]*"),
        ("999", "*"),
        ("echo", None),
        ("12x", None),
        ("1234\n", None),
        ("", None),
        ("\ud800", None),
    ],
)
def test_the_very_same_number_then_the_longest_pattern(
    database: Database, account: AccountRow, called: str, found: str | None
) -> None:
    numbers = Numbers(database)
    other = story.account(database)
    for pattern in ("1[0-9]+", "12[0-9]{2}", r"+4930\d+", "*97[0-9]*", "*"):
        assert numbers.create(number(other.sid, pattern, is_sip=True, is_pattern=True))
    for exact in ("1234", "*97"):
        assert numbers.create(number(account.sid, exact, is_sip=True))
    answer = numbers.find_for_call(called)
    assert (answer.phone_number if answer else None) == found


def test_of_patterns_of_one_length_the_older_one_answers(database: Database, account: AccountRow) -> None:
    numbers = Numbers(database)
    for age, pattern in ((3, "1[0-9]"), (1, "[0-9]1"), (2, "11|xx")):
        numbers.create(number(account.sid, pattern, is_sip=True, is_pattern=True, date_created=after(age)))
    answer = numbers.find_for_call("11")
    assert answer is not None
    assert answer.phone_number == "[0-9]1"


def test_an_application_answers_before_the_number_itself(database: Database, account: AccountRow) -> None:
    applications, numbers = Applications(database), Numbers(database)
    menu, refer, blank = (
        application(account, url) for url in ("http://app.example/menu", "http://app.example/refer", None)
    )
    for each in (menu, refer, blank):
        applications.create(each)
    made = number(
        account.sid,
        "+15550001",
        voice_url="http://app.example/own",
        voice_method=Method.GET,
        voice_application_sid=menu.sid,
        sms_application_sid=menu.sid,
        refer_application_sid=refer.sid,
    )
    numbers.create(made)
    found = numbers.find_for_call("+15550001")
    assert found is not None
    assert found.application == Target("http://app.example/menu", Method.GET)
    assert (found.sms_url, found.refer_url) == ("http://app.example/menu", "http://app.example/refer")
    assert numbers.all(9) == (found,)
    # What is shown and changed stays the number's own.
    assert numbers.get(account.sid, made.sid) == made
    assert numbers.update(replace(made, voice_application_sid=blank.sid))
    found = numbers.find_for_call("+15550001")
    assert found is not None
    assert found.voice_url == "http://app.example/own"


def test_an_application_of_another_account_answers_nothing(database: Database, account: AccountRow) -> None:
    stranger = application(story.account(database), "http://eve.example/")
    Applications(database).create(stranger)
    Numbers(database).create(number(account.sid, "+15550001", voice_application_sid=stranger.sid))
    found = Numbers(database).find_for_call("+15550001")
    assert found is not None
    assert found.application is None


@pytest.mark.parametrize("level", range(4))
def test_a_number_answers_while_its_account_and_all_above_are_active(database: Database, level: int) -> None:
    accounts, numbers = Accounts(database), Numbers(database)
    chain: list[AccountRow] = []
    for _ in range(4):
        chain.append(story.account(database, parent_sid=chain[-1].sid if chain else None))
    numbers.create(number(chain[-1].sid, "+15550001"))
    numbers.create(number(chain[-1].sid, "2[0-9]+", is_sip=True, is_pattern=True))
    assert numbers.find_for_call("+15550001")
    assert accounts.update(replace(chain[level], status=AccountStatus.SUSPENDED))
    assert numbers.find_for_call("+15550001") is None
    assert numbers.find_for_call("22") is None
    assert numbers.all(9) == ()
    assert accounts.update(replace(chain[level], status=AccountStatus.ACTIVE))
    assert numbers.find_for_call("+15550001")
    assert numbers.find_for_call("22")


def test_an_account_says_whether_calls_are_recorded_where_its_number_does_not(
    database: Database, account: AccountRow
) -> None:
    numbers = Numbers(database)
    for phone_number, says in (("1", None), ("2", RecordAll.MONO), ("3", RecordAll.NONE)):
        numbers.create(number(account.sid, phone_number, record_all=says))

    def heard() -> list[RecordAll | None]:
        found = [numbers.find_for_call(called) for called in ("1", "2", "3")]
        return [each.record_all if each else None for each in found]

    assert heard() == [None, RecordAll.MONO, RecordAll.NONE]
    assert Accounts(database).update(replace(account, record_all=RecordAll.STEREO))
    assert heard() == [RecordAll.STEREO, RecordAll.MONO, RecordAll.NONE]
