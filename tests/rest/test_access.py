import base64
from dataclasses import dataclass

import pytest

from offhook.call.rows import AccountRow, AccountStatus, NumberRow
from offhook.records.numbers import Numbers
from tests.records import story
from tests.records.story import gather, notified, started
from tests.rest.site import Site

CALL, GATHER = "d9e08ede8b604e739ba7d0bd477fdf49", "c377eb0e657e415383de087ab38797db"


@pytest.mark.parametrize(
    "authorization",
    [
        None,
        "",
        "Basic",
        "Basic ",
        "Basic %%%",
        "Basic " + base64.b64encode(b"no-colon").decode(),
        "Basic " + base64.b64encode(b":").decode(),
        "Basic " + base64.b64encode(b"\xff\xfe:x").decode(),
        "Basic " + base64.b64encode(b"a\x00b:c").decode(),
        "Bearer secret",
        "Digest username=x",
    ],
)
async def test_whoever_does_not_sign_in_is_asked_to(site: Site, authorization: str | None) -> None:
    headers = {} if authorization is None else {"authorization": authorization}
    answer = await site.ask(site.at("/Calls.json"), headers={"authorization": "", **headers})
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == 'Basic realm="Restcomm realm"'
    assert answer.json()["code"] == 20003


async def test_a_wrong_token_and_an_unknown_name_look_the_same(site: Site) -> None:
    wrong = await site.ask(site.at("/Calls.json"), auth=(site.account.sid, "guess"))
    unknown = await site.ask(site.at("/Calls.json"), auth=("AC" + "0" * 32, "guess"))
    empty = await site.ask(site.at("/Calls.json"), auth=("AC" + "0" * 32, ""))
    assert wrong.status_code == unknown.status_code == empty.status_code == 401
    assert wrong.content == unknown.content == empty.content
    assert wrong.headers == unknown.headers


async def test_an_account_has_three_names(site: Site) -> None:
    ada = story.account(site.database, email_address="ada@example.com", auth_token="a:b:c")
    for name in (ada.sid, ada.auth_id, "ada@example.com"):
        answer = await site.ask(site.at("/Calls.json", account=ada.sid), auth=(name, "a:b:c"))
        assert answer.status_code == 200
    answer = await site.ask(site.at(".json", account="ada@example.com"), auth=(ada.sid, "a:b:c"))
    assert answer.json()["sid"] == ada.sid


@pytest.mark.parametrize("status", [status for status in AccountStatus if status != AccountStatus.ACTIVE])
async def test_an_account_that_is_not_active_is_not_let_in(site: Site, status: AccountStatus) -> None:
    sleeping = story.account(site.database, status=status)
    answer = await site.ask(site.at("/Calls.json", account=sleeping.sid), user=sleeping)
    assert (answer.status_code, answer.json()["code"]) == (403, 20005)
    answer = await site.ask(site.at("/Calls.json"), auth=(sleeping.sid, "guess"))
    assert answer.status_code == 401


@dataclass
class Family:
    """Four generations below one another, and what the second owns."""

    parent: AccountRow
    child: AccountRow
    grandchild: AccountRow
    great_grandchild: AccountRow
    too_deep: AccountRow
    sibling: AccountRow


@pytest.fixture
def family(site: Site) -> Family:
    def below(parent: AccountRow) -> AccountRow:
        return story.account(site.database, parent_sid=parent.sid)

    child = below(site.account)
    grandchild = below(child)
    great_grandchild = below(grandchild)
    return Family(
        parent=site.account,
        child=child,
        grandchild=grandchild,
        great_grandchild=great_grandchild,
        too_deep=below(great_grandchild),
        sibling=below(site.account),
    )


PATHS = [
    "",
    "/Calls",
    f"/Calls/CA{CALL}",
    f"/Calls/CA{CALL}/Notifications",
    "/Notifications",
    "/Gathers/Speech",
    f"/Gathers/Speech/GA{GATHER}",
    "/Gathers/DTMF",
    "/IncomingPhoneNumbers",
    "/IncomingPhoneNumbers/PN1",
]


@pytest.mark.parametrize("path", PATHS)
async def test_ancestors_act_on_an_account_and_nobody_else(site: Site, family: Family, path: str) -> None:
    owner = family.child
    site.record(
        started(owner.sid, CALL), *gather(owner.sid, CALL, gather_id=GATHER), notified(owner.sid, CALL)
    )
    Numbers(site.database).create(
        NumberRow(
            sid="PN1",
            account_sid=owner.sid,
            phone_number="+15550001",
            friendly_name="Desk",
            api_version="2012-04-24",
            date_created=story.NOON,
            date_updated=story.NOON,
        )
    )
    expected = {
        "parent": 200,
        "child": 200,
        "grandchild": 404,
        "great_grandchild": 404,
        "too_deep": 404,
        "sibling": 404,
    }
    seen = {}
    for name in expected:
        answer = await site.ask(site.at(f"{path}", account=owner.sid), user=getattr(family, name))
        seen[name] = answer.status_code
    assert seen == expected


async def test_an_account_acts_three_levels_down(site: Site, family: Family) -> None:
    expected = {"child": 200, "grandchild": 200, "great_grandchild": 200, "too_deep": 404}
    for name, status in expected.items():
        account: AccountRow = getattr(family, name)
        answer = await site.ask(site.at("/Calls", account=account.sid), user=family.parent)
        assert (name, answer.status_code) == (name, status)


async def test_things_of_another_account_are_not_found_under_ones_own(site: Site, family: Family) -> None:
    owner, stranger = family.child, family.sibling
    site.record(
        started(owner.sid, CALL), *gather(owner.sid, CALL, gather_id=GATHER), notified(owner.sid, CALL)
    )
    number = NumberRow(
        sid="PN1",
        account_sid=owner.sid,
        phone_number="+15550001",
        friendly_name="Desk",
        api_version="2012-04-24",
        date_created=story.NOON,
        date_updated=story.NOON,
    )
    Numbers(site.database).create(number)
    for method, path in [
        ("GET", f"/Calls/CA{CALL}"),
        ("GET", f"/Calls/CA{CALL}/Notifications"),
        ("GET", f"/Gathers/Speech/GA{GATHER}"),
        ("GET", "/IncomingPhoneNumbers/PN1"),
        ("POST", "/IncomingPhoneNumbers/PN1"),
        ("PUT", "/IncomingPhoneNumbers/PN1"),
        ("DELETE", "/IncomingPhoneNumbers/PN1"),
    ]:
        form = {"FriendlyName": "stolen"} if method in ("POST", "PUT") else None
        foreign = await site.ask(site.at(path, account=stranger.sid), method=method, user=stranger, form=form)
        assert (method, path, foreign.status_code) == (method, path, 404)
    for path in ("/Calls", "/Notifications", "/Gathers/Speech", "/IncomingPhoneNumbers"):
        listed = await site.json(site.at(path, account=stranger.sid), user=stranger)
        assert listed["total"] == 0
    assert Numbers(site.database).get(owner.sid, "PN1") == number


async def test_an_unknown_account_is_not_found(site: Site) -> None:
    answer = await site.ask(site.at("/Calls.json", account="AC" + "0" * 32))
    assert (answer.status_code, answer.json()["code"]) == (404, 20404)
    answer = await site.ask(site.at("/Calls.json", account="%00%ff"))
    assert answer.status_code == 404


HOSTILE = [
    "' OR '1'='1",
    "'; DROP TABLE accounts; --",
    '" OR ""="',
    "1) OR (1=1",
    "%' AND 1=0 UNION SELECT * FROM accounts --",
    "\\",
    "%",
    "_",
    "%_%\\%",
    "\x00",
    "\U0001f600",
    "../../etc/passwd",
    "{{7*7}}",
    "A" * 5000,
    "-1",
    "1e9",
    "null",
    "\r\nX-Injected: 1",
]


@pytest.mark.parametrize("hostile", HOSTILE)
async def test_no_filter_lets_anything_through(site: Site, hostile: str) -> None:
    site.record(started(site.account.sid, CALL), notified(site.account.sid, CALL))
    filters = {
        "/Calls": ("From", "To", "Status", "StartTime", "EndTime", "ParentCallSid", "Page", "PageSize"),
        "/Notifications": ("StartTime", "EndTime", "ErrorCode", "RequestUrl", "MessageText", "CallSid"),
        "/Gathers/Speech": ("DateCreated", "CallSid", "Extended", "AfterSid"),
        "/IncomingPhoneNumbers": ("PhoneNumber", "FriendlyName"),
    }
    for path, names in filters.items():
        for name in names:
            for suffix in ("", ".json"):
                answer = await site.ask(site.at(path + suffix), params={name: hostile})
                assert answer.status_code in (200, 400), (path, name, answer.text)
                if answer.status_code == 200 and path == "/Calls" and "%" not in hostile:
                    assert ('total="0"' in answer.text) or ('"total":0' in answer.text)
    everything = await site.json(site.at("/Calls"))
    assert everything["total"] == 1
