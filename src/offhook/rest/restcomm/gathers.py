"""`/Accounts/{sid}/Gathers/Speech` and `…/DTMF`: what gathers were asked for and how they ended. JSON only.

What was said or pressed is shown to those who ask for it with `Extended=true`.
"""

from enum import StrEnum

from fastapi import APIRouter
from starlette.responses import Response

from offhook.call.listing import GatherFilter, Page
from offhook.call.rows import GatherKind, GatherRow
from offhook.rest.errors import invalid, not_found
from offhook.rest.restcomm.access import Access, LetIn
from offhook.rest.restcomm.answers import Fields, Kind, whole_number
from offhook.rest.restcomm.dates import iso_utc, read_from
from offhook.rest.restcomm.sids import call_sid, read_call_sid, read_sid
from offhook.rest.restcomm.spelling import VERSION, Format, resource_uri

GATHER = Kind(element="Gather", elements="Gathers", key="gathers")
FILTERS = ("DateCreated", "CallSid", "Extended")

router = APIRouter()


class Shelf(StrEnum):
    """The two lists, as a path names them."""

    SPEECH = "Speech"
    DTMF = "DTMF"

    @property
    def kind(self) -> GatherKind:
        """The kind of gathers on it."""
        return GatherKind.SPEECH if self is Shelf.SPEECH else GatherKind.DTMF


@router.get("/Accounts/{account_sid}/Gathers/{shelf}")
def show_all(access: LetIn, shelf: str) -> Response:
    """The account's finished gathers of a kind, newest first."""
    on = _shelf(shelf)
    asked = access.page_asked()
    is_extended = _is_extended(access)
    wanted = _filter(access, on.kind)
    page: Page[GatherRow] = Page()
    if wanted is not None:
        page = access.ports.gathers.page(access.account.sid, wanted, offset=asked.offset, limit=asked.size)
    items = [_fields(gather, on, access, is_extended) for gather in page.rows]
    return access.many(GATHER, items, page.total, asked, FILTERS)


@router.get("/Accounts/{account_sid}/Gathers/{shelf}/{sid}")
def show(access: LetIn, shelf: str, sid: str) -> Response:
    """A finished gather of the account."""
    on = _shelf(shelf)
    is_extended = _is_extended(access)
    gather_id = read_sid(sid, "GA")
    gather = access.ports.gathers.get(access.account.sid, on.kind, gather_id) if gather_id else None
    if gather is None:
        raise not_found(f"{on} gather {sid}")
    return access.one(GATHER, _fields(gather, on, access, is_extended))


def _shelf(name: str) -> Shelf:
    if name not in list(Shelf):
        raise not_found(f"list of gathers named {name}")
    return Shelf(name)


def _is_extended(access: Access) -> bool:
    text = access.query.get("Extended", "false")
    if text not in ("true", "false"):
        raise invalid("Extended must be true or false.")
    return text == "true"


def _filter(access: Access, kind: GatherKind) -> GatherFilter | None:
    """The gathers that the query asks for; None for such as cannot be. Raises Refusal."""
    query = access.query
    created_from = read_from("DateCreated", query["DateCreated"]) if "DateCreated" in query else None
    call_id = None
    if "CallSid" in query:
        call_id = read_call_sid(query["CallSid"], access.ports.instance_id)
        if call_id is None:
            return None
    return GatherFilter(kind=kind, created_from=created_from, call_id=call_id)


def _fields(gather: GatherRow, on: Shelf, access: Access, is_extended: bool) -> Fields:
    sid = f"GA{gather.gather_id}"
    act_on_empty = "true" if gather.act_on_empty else "false"
    fields: dict[str, object] = {
        "sid": sid,
        "date_created": iso_utc(gather.date_created),
        "account_sid": gather.account_sid,
        "org_sid": access.account.organization_sid,
        "call_sid": call_sid(access.ports.instance_id, gather.call_id),
        **(_speech_settings(gather) if on is Shelf.SPEECH else _key_settings(gather)),
        "actionOnEmptyResult": act_on_empty,
        "action_on_empty_result": act_on_empty,
        "duration": whole_number(gather.duration_s),
        "status": gather.status,
        "reason": gather.reason,
        "api_version": VERSION,
        "uri": resource_uri(gather.account_sid, f"Gathers/{on}/{sid}", format=Format.JSON),
    }
    if is_extended:
        fields |= _results(gather, on)
    return fields


def _speech_settings(gather: GatherRow) -> Fields:
    return {
        "provider": gather.provider,
        "language": gather.language,
        "preTimeout": whole_number(gather.start_timeout_s),
        "postTimeout": whole_number(gather.speech_end_timeout_s),
        "hints": ",".join(gather.hints),
    }


def _key_settings(gather: GatherRow) -> Fields:
    return {
        "timeout": whole_number(gather.key_timeout_s),
        "preTimeout": whole_number(gather.start_timeout_s),
        "postTimeout": whole_number(gather.key_timeout_s),
        "finishOnKey": gather.finish_keys,
        "numDigits": gather.max_keys,
    }


def _results(gather: GatherRow, on: Shelf) -> Fields:
    keys = {
        "digits": gather.keys,
        "ended_by": gather.ended_by,
        "log": "true" if gather.is_kept else "false",
    }
    if on is Shelf.DTMF:
        return keys
    return {
        "speech_result": gather.speech,
        "confidence": gather.confidence,
        "switches": list(gather.switches),
        **keys,
    }
