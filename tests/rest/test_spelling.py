import pytest
from hypothesis import given
from hypothesis import strategies as st

from offhook.call.info import new_id
from offhook.rest.restcomm.sids import call_sid, read_call_sid, read_sid
from offhook.rest.restcomm.spelling import PREFIXES, Format, read_spelling
from tests.records.story import gather, started
from tests.rest.site import Site

SEGMENT = st.text("abcXYZ019-_", min_size=1, max_size=8).filter(lambda text: text != "Gathers")
HEX = st.text("0123456789abcdef", min_size=32, max_size=32)


@given(
    prefix=st.sampled_from(PREFIXES),
    segments=st.lists(SEGMENT, min_size=1, max_size=5),
    suffixed=st.sets(st.integers(0, 4)),
    slash=st.booleans(),
    accept=st.sampled_from(["", "*/*", "application/xml", "application/json", "text/JSON;q=0.1, */*"]),
)
def test_every_spelling_of_a_path_is_one_route(
    prefix: str, segments: list[str], suffixed: set[int], slash: bool, accept: str
) -> None:
    written = [text + ".json" if place in suffixed else text for place, text in enumerate(segments)]
    path = "/".join([prefix, *written]) + ("/" if slash else "")
    spelling = read_spelling(path, path, accept)
    assert spelling.path == "/".join(["/2012-04-24", *segments])
    assert spelling.written == path
    is_json = written != segments or "json" in accept.lower()
    assert spelling.format is (Format.JSON if is_json else Format.XML)


@given(st.text(), st.text())
def test_no_path_is_too_strange_to_be_read(path: str, accept: str) -> None:
    spelling = read_spelling(path, path, accept)
    is_ours = any(path == prefix or path.startswith(f"{prefix}/") for prefix in PREFIXES)
    assert spelling.path == path or is_ours


@given(instance=HEX, call=HEX)
def test_the_sid_of_a_call_is_read_as_it_was_written(instance: str, call: str) -> None:
    assert read_call_sid(call_sid(instance, call), instance) == call
    assert read_call_sid(f"CA{call}", instance) == call
    assert read_sid(f"GA{call}", "GA") == call


@given(st.text())
def test_no_other_text_is_a_sid(text: str) -> None:
    assert read_call_sid(text, "0" * 32) is None
    assert read_sid(text, "GA") is None


@given(call=HEX, junk=st.text(min_size=1))
def test_a_sid_has_nothing_around_it(call: str, junk: str) -> None:
    assert read_sid(f"GA{call}{junk}", "GA") is None
    assert read_sid(f"{junk}GA{call}", "GA") is None
    assert read_call_sid(f"CA{call}{junk}", "0" * 32) is None


@pytest.mark.parametrize("under", PREFIXES)
@pytest.mark.parametrize("list_of", ["/Calls", "/Calls.json", "/Calls/", "/Calls.json/"])
async def test_all_prefixes_and_suffixes_are_served(site: Site, under: str, list_of: str) -> None:
    site.record(started(site.account.sid, new_id()))
    answer = await site.ask(site.at(list_of, under=under))
    assert answer.status_code == 200
    assert answer.headers["content-type"] == ("application/json" if ".json" in list_of else "application/xml")
    assert site.at(list_of, under=under) in answer.text


async def test_the_suffix_may_stand_on_the_list_or_the_item(site: Site) -> None:
    call_id = new_id()
    site.record(started(site.account.sid, call_id))
    for path in (f"/Calls.json/CA{call_id}", f"/Calls/CA{call_id}.json"):
        answer = await site.ask(site.at(path))
        assert answer.json()["sid"].endswith(f"-CA{call_id}")
    answer = await site.ask(f"/restcomm/2012-04-24/Accounts.json/{site.account.sid}")
    assert answer.json()["sid"] == site.account.sid


async def test_the_suffix_beats_the_accepted_type(site: Site) -> None:
    answer = await site.ask(site.at("/Calls.json"), headers={"accept": "application/xml"})
    assert answer.headers["content-type"] == "application/json"
    answer = await site.ask(site.at("/Calls"), headers={"accept": "application/json"})
    assert answer.headers["content-type"] == "application/json"


async def test_a_uri_in_json_leads_back(site: Site) -> None:
    site.record(*gather(site.account.sid, new_id()))
    (listed,) = (await site.json(site.at("/Gathers/Speech")))["gathers"]
    assert listed["uri"].startswith("/2012-04-24/")
    assert await site.json(f"/restcomm{listed['uri']}") == listed
