"""`/Accounts/{sid}/Says`, `Plays`, `Holds`, `Resumes` and `Refers`: the verbs of those kinds that ran, and how they ended.

What was said is not kept, only how much.
"""

from dataclasses import dataclass

from fastapi import APIRouter
from starlette.responses import Response

from offhook.call.listing import Page, VerbFilter
from offhook.call.voice_rows import VerbKind, VerbRow
from offhook.rest.errors import not_found
from offhook.rest.restcomm.access import Access, LetIn
from offhook.rest.restcomm.answers import Fields, Kind, whole_number
from offhook.rest.restcomm.dates import iso_utc, read_from
from offhook.rest.restcomm.sids import call_sid, read_call_sid, read_sid
from offhook.rest.restcomm.spelling import VERSION, resource_uri

FILTERS = ("DateCreated", "CallSid")


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """One of the lists."""

    name: str
    """As a path names it."""
    kind: VerbKind
    prefix: str
    """What sids on it begin with."""
    shown: Kind


def _shelf(name: str, kind: VerbKind, prefix: str) -> Shelf:
    shown = Kind(element=name.removesuffix("s"), elements=name, key=name.lower())
    return Shelf(name=name, kind=kind, prefix=prefix, shown=shown)


SHELVES = {
    shelf.kind: shelf
    for shelf in (
        _shelf("Says", VerbKind.SAY, "SA"),
        _shelf("Plays", VerbKind.PLAY, "PL"),
        _shelf("Holds", VerbKind.HOLD, "HO"),
        _shelf("Resumes", VerbKind.RESUME, "RM"),
        _shelf("Refers", VerbKind.REFER, "RF"),
    )
}

router = APIRouter()


@router.get("/Accounts/{account_sid}/Says")
def says(access: LetIn) -> Response:
    """What the account's calls were told, newest first."""
    return _all(access, SHELVES[VerbKind.SAY])


@router.get("/Accounts/{account_sid}/Says/{sid}")
def say(access: LetIn, sid: str) -> Response:
    """A Say of the account."""
    return _one(access, SHELVES[VerbKind.SAY], sid)


@router.get("/Accounts/{account_sid}/Plays")
def plays(access: LetIn) -> Response:
    """What was played to the account's calls, newest first."""
    return _all(access, SHELVES[VerbKind.PLAY])


@router.get("/Accounts/{account_sid}/Plays/{sid}")
def play(access: LetIn, sid: str) -> Response:
    """A Play of the account."""
    return _one(access, SHELVES[VerbKind.PLAY], sid)


@router.get("/Accounts/{account_sid}/Holds")
def holds(access: LetIn) -> Response:
    """How the account's calls were put on hold, newest first."""
    return _all(access, SHELVES[VerbKind.HOLD])


@router.get("/Accounts/{account_sid}/Holds/{sid}")
def hold(access: LetIn, sid: str) -> Response:
    """A Hold of the account."""
    return _one(access, SHELVES[VerbKind.HOLD], sid)


@router.get("/Accounts/{account_sid}/Resumes")
def resumes(access: LetIn) -> Response:
    """How the account's calls were taken off hold, newest first."""
    return _all(access, SHELVES[VerbKind.RESUME])


@router.get("/Accounts/{account_sid}/Resumes/{sid}")
def resume(access: LetIn, sid: str) -> Response:
    """A Resume of the account."""
    return _one(access, SHELVES[VerbKind.RESUME], sid)


@router.get("/Accounts/{account_sid}/Refers")
def refers(access: LetIn) -> Response:
    """How the account's calls were transferred, newest first."""
    return _all(access, SHELVES[VerbKind.REFER])


@router.get("/Accounts/{account_sid}/Refers/{sid}")
def refer(access: LetIn, sid: str) -> Response:
    """A Refer of the account."""
    return _one(access, SHELVES[VerbKind.REFER], sid)


def _all(access: Access, shelf: Shelf) -> Response:
    asked = access.page_asked()
    wanted = _filter(access, shelf.kind)
    page: Page[VerbRow] = Page()
    if wanted is not None:
        records = access.ports.verb_records
        page = records.page(access.account.sid, wanted, offset=asked.offset, limit=asked.size)
    items = [record_fields(row, access) for row in page.rows]
    return access.many(shelf.shown, items, page.total, asked, FILTERS)


def _one(access: Access, shelf: Shelf, sid: str) -> Response:
    record_id = read_sid(sid, shelf.prefix)
    row = access.ports.verb_records.get(access.account.sid, shelf.kind, record_id) if record_id else None
    if row is None:
        raise not_found(f"{shelf.kind} {sid}")
    return access.one(shelf.shown, record_fields(row, access))


def _filter(access: Access, kind: VerbKind) -> VerbFilter | None:
    """The records that the query asks for; None for such as cannot be. Raises Refusal."""
    query = access.query
    created_from = read_from("DateCreated", query["DateCreated"]) if "DateCreated" in query else None
    call_id = None
    if "CallSid" in query:
        call_id = read_call_sid(query["CallSid"], access.ports.instance_id)
        if call_id is None:
            return None
    return VerbFilter(kind=kind, created_from=created_from, call_id=call_id)


def record_fields(row: VerbRow, access: Access) -> Fields:
    """A record's properties; those that nothing is known of are left out."""
    return {
        **begun_fields(row.kind, row.record_id, row.call_id, access),
        "date_created": iso_utc(row.date_created),
        "status": row.status,
        "reason": row.reason,
        "error_code": row.error_code,
        "duration": whole_number(row.duration_s),
        **{name: _detail(name, value) for name, value in row.details.items()},
    }


def begun_fields(kind: VerbKind, record_id: str, call_id: str, access: Access) -> Fields:
    """The properties that a record has before the verb has ended."""
    shelf = SHELVES[kind]
    sid = f"{shelf.prefix}{record_id}"
    account = access.account
    return {
        "sid": sid,
        "account_sid": account.sid,
        "org_sid": account.organization_sid,
        "call_sid": call_sid(access.ports.instance_id, call_id),
        "api_version": VERSION,
        "uri": resource_uri(account.sid, f"{shelf.name}/{sid}", format=access.spelling.format),
    }


def _detail(name: str, value: str | int | None) -> str | int | None:
    """Response codes are text in this API."""
    return str(value) if name.endswith("_code") and value is not None else value
