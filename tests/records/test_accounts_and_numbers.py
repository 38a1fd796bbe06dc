import re
from dataclasses import replace
from typing import Any

import pytest

from offhook.call.info import new_id
from offhook.call.listing import NumberFilter
from offhook.call.rows import AccountRow, NumberRow
from offhook.records.accounts import Accounts
from offhook.records.database import Database
from offhook.records.numbers import Numbers
from offhook.verbs import Method, Target
from tests.records import story
from tests.records.story import NOON, after


def number(account_sid: str, phone_number: str, **fields: Any) -> NumberRow:
    return NumberRow(
        **{
            "sid": f"PN{new_id()}",
            "account_sid": account_sid,
            "phone_number": phone_number,
            "friendly_name": phone_number,
            "api_version": "2012-04-24",
            "date_created": NOON,
            "date_updated": NOON,
            **fields,
        }
    )


def test_the_first_account_has_what_one_needs_to_sign_in(database: Database) -> None:
    made, token, is_new = Accounts(database).ensure_first(None, None, now=NOON)
    assert is_new
    assert re.fullmatch(r"AC[0-9a-f]{32}", made.sid)
    assert re.fullmatch(r"MA[A-Z0-9]{18}", made.auth_id)
    assert re.fullmatch(r"OR[0-9a-f]{32}", made.organization_sid)
    assert (made.auth_token, len(token)) == (token, 64)
    assert Accounts(database).find(made.auth_id) == made


def test_the_first_account_is_made_once(database: Database) -> None:
    accounts = Accounts(database)
    made, token, _ = accounts.ensure_first(None, None, now=NOON)
    assert accounts.ensure_first(None, None, now=after(1)) == (made, token, False)


def test_configuration_names_the_account_and_its_token(database: Database) -> None:
    accounts, sid = Accounts(database), "AC" + "X" * 32
    made, token, is_new = accounts.ensure_first(sid, "first", now=NOON)
    assert (made.sid, token, is_new) == (sid, "first", True)
    changed, token, is_new = accounts.ensure_first(sid, "second", now=after(1))
    assert (changed.auth_token, token, is_new) == ("second", "second", False)
    assert accounts.get(sid) == changed


def test_a_sid_that_is_none_is_refused(database: Database) -> None:
    with pytest.raises(ValueError, match="AC and 32"):
        Accounts(database).ensure_first("ACME", None, now=NOON)


def test_an_account_is_found_by_its_three_names(database: Database) -> None:
    made = story.account(database, email_address="ada@example.com")
    accounts = Accounts(database)
    assert accounts.find(made.sid) == accounts.find(made.auth_id) == accounts.find("ada@example.com") == made
    assert accounts.find(made.friendly_name) is None
    assert accounts.find("a\x00b\ud800") is None


def test_a_number_keeps_all_its_properties(database: Database, account: AccountRow) -> None:
    numbers = Numbers(database)
    made = number(
        account.sid,
        "+15550001",
        voice_url="http://app.example/voice",
        voice_method=Method.GET,
        voice_fallback_url="http://app.example/fallback",
        status_callback="http://app.example/status",
        sms_method=Method.POST,
        voice_capable=True,
        fax_capable=False,
    )
    assert numbers.create(made)
    kept = numbers.get(account.sid, made.sid)
    assert kept == made
    assert kept.application == Target("http://app.example/voice", Method.GET)
    assert kept.fallback == Target("http://app.example/fallback", Method.POST)
    assert kept.status_target == Target("http://app.example/status", Method.POST)


def test_a_number_belongs_to_one_account_only(database: Database, account: AccountRow) -> None:
    other = story.account(database)
    numbers = Numbers(database)
    assert numbers.create(number(account.sid, "+15550001"))
    assert not numbers.create(number(other.sid, "+15550001"))
    assert numbers.page(other.sid, NumberFilter(), offset=0, limit=10).total == 0


def test_a_number_is_seen_and_changed_by_its_account_only(database: Database, account: AccountRow) -> None:
    other, numbers = story.account(database), Numbers(database)
    made = number(account.sid, "+15550001")
    numbers.create(made)
    assert numbers.get(other.sid, made.sid) is None
    assert not numbers.update(replace(made, account_sid=other.sid, friendly_name="stolen"))
    assert not numbers.delete(other.sid, made.sid)
    assert numbers.get(account.sid, made.sid) == made


def test_an_update_leaves_the_number_itself(database: Database, account: AccountRow) -> None:
    numbers, made = Numbers(database), number(account.sid, "+15550001")
    numbers.create(made)
    wanted = replace(made, phone_number="+15559999", friendly_name="Desk", date_updated=after(1))
    assert numbers.update(wanted)
    assert numbers.get(account.sid, made.sid) == replace(wanted, phone_number="+15550001")


def test_a_number_that_was_given_up_is_free(database: Database, account: AccountRow) -> None:
    numbers, made = Numbers(database), number(account.sid, "+15550001")
    numbers.create(made)
    assert numbers.delete(account.sid, made.sid)
    assert not numbers.delete(account.sid, made.sid)
    assert numbers.create(number(account.sid, "+15550001"))


@pytest.mark.parametrize(
    ("called", "found"),
    [
        ("+15550001", "+15550001"),
        ("15550001", "+15550001"),
        ("1000", "1000"),
        ("+1000", "1000"),
        ("+2000", "+2000"),
        ("2000", "2000"),
        ("5550001", None),
        ("", None),
        ("+", None),
        ("%", None),
    ],
)
def test_a_call_finds_its_number_with_or_without_plus(
    database: Database, account: AccountRow, called: str, found: str | None
) -> None:
    numbers = Numbers(database)
    for phone_number in ("+15550001", "1000", "+2000", "2000"):
        assert numbers.create(number(account.sid, phone_number))
    row = numbers.find_for_call(called)
    assert (row.phone_number if row else None) == found


def test_numbers_are_listed_newest_first_and_narrowed(database: Database, account: AccountRow) -> None:
    numbers = Numbers(database)
    for count, phone_number in enumerate(("+15550001", "+15550002", "+4420001")):
        numbers.create(
            number(account.sid, phone_number, friendly_name=f"Desk_{count}", date_created=after(count))
        )

    def listed(**wanted: Any) -> list[str]:
        page = numbers.page(account.sid, NumberFilter(**wanted), offset=0, limit=10)
        assert page.total == len(page.rows)
        return [row.phone_number for row in page.rows]

    assert listed() == ["+4420001", "+15550002", "+15550001"]
    assert listed(phone_number="+1%") == ["+15550002", "+15550001"]
    assert listed(phone_number="+1555000_") == []
    assert listed(friendly_name="Desk_1") == ["+15550002"]
    assert listed(friendly_name="%_2") == ["+4420001"]
    assert listed(friendly_name="%\\%") == []
