from contextlib import suppress
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from offhook.call.info import new_id
from offhook.rest.errors import Refusal
from offhook.rest.restcomm.paging import PageAsked, envelope, read_page
from tests.records.story import after, gather
from tests.rest.site import Site

PATH = "/restcomm/2012-04-24/Accounts/AC1/Gathers/Speech"


@given(total=st.integers(0, 10**7), size=st.integers(1, 1000), number=st.integers(0, 10**5))
def test_the_numbers_of_a_page_agree(total: int, size: int, number: int) -> None:
    asked = PageAsked(number=number, size=size)
    if number > total // size:
        with pytest.raises(Refusal):
            envelope(asked, total, path=PATH, filters={}, last_sid=None)
        return
    page = envelope(asked, total, path=PATH, filters={}, last_sid="GA1")
    items = min(size, total - asked.offset)
    is_last = number == page.num_pages
    assert (page.page, page.page_size, page.total, page.num_pages) == (number, size, total, total // size)
    assert page.start == str(number * size)
    assert page.end == str(number * size + (items if is_last else size - 1))
    assert (page.previous_page_uri == "null") == (number == 0)
    assert (page.next_page_uri == "null") == is_last
    assert 0 <= items <= size


@given(st.dictionaries(st.sampled_from(["DateCreated", "CallSid", "From"]), st.text()), st.text(min_size=1))
def test_links_keep_the_filters_as_they_were_sent(filters: dict[str, str], sid: str) -> None:
    def plain(text: str) -> str:
        return text.encode("utf-8", "replace").decode()

    filters = {name: plain(value) for name, value in filters.items()}
    page = envelope(PageAsked(number=1, size=5), 100, path=PATH, filters=filters, last_sid=plain(sid))
    for link in (page.first_page_uri, page.previous_page_uri, page.next_page_uri, page.last_page_uri):
        query = parse_qs(urlsplit(link).query, keep_blank_values=True)
        assert link.startswith(f"{PATH}?Page=")
        assert link.isascii()
        assert {name: query[name] for name in filters} == {name: [value] for name, value in filters.items()}
    assert parse_qs(urlsplit(page.next_page_uri).query)["AfterSid"] == [plain(sid)]


@given(st.text(max_size=30), st.text(max_size=30))
def test_a_page_is_read_or_refused(number: str, size: str) -> None:
    with suppress(Refusal):
        asked = read_page({"Page": number, "PageSize": size})
        assert asked.number >= 0
        assert 1 <= asked.size <= 1000


@pytest.mark.parametrize(
    ("query", "named"),
    [
        ("PageSize=0", "PageSize"),
        ("PageSize=1001", "PageSize"),
        ("PageSize=1000000000", "PageSize"),
        ("PageSize=-1", "PageSize"),
        ("PageSize=x", "PageSize"),
        ("PageSize=", "PageSize"),
        ("PageSize=1.5", "PageSize"),
        ("PageSize=%D9%A3", "PageSize"),
        ("Page=-1", "Page"),
        ("Page=x", "Page"),
        ("Page=1", "Page"),
        (f"Page={'9' * 6000}", "Page"),
    ],
)
async def test_a_page_that_cannot_be_is_refused(site: Site, query: str, named: str) -> None:
    answer = await site.ask(site.at(f"/Gathers/Speech?{query}"))
    assert answer.status_code == 400
    assert answer.json()["message"].startswith(f"{named} must")


async def test_a_short_list_is_page_nought_of_nought(site: Site) -> None:
    for number in range(34):
        site.record(*gather(site.account.sid, new_id(), after(number)))
    path = site.at("/Gathers/Speech", under="/api/2012-04-24")
    page = await site.json(path)
    gathers = page.pop("gathers")
    assert len(gathers) == 34
    assert page == {
        "page": 0,
        "num_pages": 0,
        "page_size": 50,
        "total": 34,
        "start": "0",
        "end": "34",
        "uri": path,
        "first_page_uri": f"{path}?Page=0&PageSize=50",
        "previous_page_uri": "null",
        "next_page_uri": "null",
        "last_page_uri": f"{path}?Page=0&PageSize=50",
    }


@pytest.mark.parametrize("spelling", ["/Gathers/Speech", "/Gathers/Speech.json", "/Gathers.json/Speech/"])
async def test_walking_the_links_meets_every_record_once(site: Site, spelling: str) -> None:
    for number in range(11):
        site.record(*gather(site.account.sid, new_id(), after(number)))
    met: list[str] = []
    link = site.at(f"{spelling}?PageSize=3")
    while link != "null":
        page = await site.json(link)
        assert page["total"] == 11
        assert page["uri"] == site.at(spelling)
        met += [item["date_created"] for item in page["gathers"]]
        link = page["next_page_uri"]
    assert met == sorted(met, reverse=True)
    assert len(set(met)) == len(met) == 11


async def test_a_full_last_page_is_followed_by_an_empty_one(site: Site) -> None:
    for number in range(4):
        site.record(*gather(site.account.sid, new_id(), after(number)))
    page = await site.json(site.at("/Gathers/Speech?PageSize=2&Page=2"))
    assert (page["num_pages"], page["start"], page["end"], page["gathers"]) == (2, "4", "4", [])
