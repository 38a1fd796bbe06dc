"""`/cdr`: the call detail records of calls that are over: listed, searched, exported, summed up."""

import csv
import io
from collections.abc import Callable, Iterator

from fastapi import APIRouter
from starlette.responses import Response, StreamingResponse

from offhook.call.listing import CallFilter, CallSums
from offhook.call.rows import CallRow
from offhook.rest.errors import not_found
from offhook.rest.vobiz.access import Access, LetIn
from offhook.rest.vobiz.answers import Answered, answer, moment, read_uuid, uuid_text
from offhook.rest.vobiz.bodies import whole
from offhook.rest.vobiz.calls import read_directions
from offhook.rest.vobiz.cdr_rows import asked_filter, cdr_fields, disposition

PER_PAGE, MOST_PER_PAGE = 20, 100
MOST_LOOKED_AT = 5000
"""So many of the newest calls are looked at for what no column holds."""
MOST_EXPORTED = 100_000
SEARCHED = ("call_direction", "from_number", "to_number", "hangup_cause")
_UNKNOWN = ("sip_call_id", "context", "campaign_id")
"""What is kept of no call, so that none has it."""
Fits = Callable[[CallRow], bool]

router = APIRouter()


@router.get("/Account/{auth_id}/cdr")
def show_all(access: LetIn) -> Response:
    """The account's finished calls, newest first, page by page, with their summary."""
    return answer(_page(access))


@router.get("/Account/{auth_id}/cdr/search")
def search(access: LetIn) -> Response:
    """The same, with what was searched for."""
    filters = {name: access.query.get(name, "") for name in SEARCHED}
    return answer({**_page(access), "filters": filters})


@router.get("/Account/{auth_id}/cdr/recent")
def show_recent(access: LetIn) -> Response:
    """The account's newest finished calls."""
    limit = min(whole(access.query, "limit", least=1, most=1_000_000, default=PER_PAGE), MOST_PER_PAGE)
    found = access.ports.calls.page(access.account.sid, CallFilter(is_over=True), offset=0, limit=limit)
    data = [cdr_fields(call, access) for call in found.rows]
    told = {"success": True, "account_id": access.account.auth_id, "count": len(data), "data": data}
    return answer(told)


@router.get("/Account/{auth_id}/cdr/export")
def export(access: LetIn) -> Response:
    """All that the query asks for, as CSV."""
    wanted, fits = _wanted(access)
    headers = {"Content-Disposition": 'attachment; filename="cdr.csv"'}
    return StreamingResponse(_lines(access, wanted, fits), media_type="text/csv", headers=headers)


@router.get("/Account/{auth_id}/cdr/{call_id}")
def show(access: LetIn, call_id: str) -> Response:
    """The record of one finished call."""
    call = access.call(call_id)
    if not call.status.is_final:
        raise not_found(f"record of call {call_id}: it is not over")
    return answer({"success": True, "data": cdr_fields(call, access)})


def _page(access: Access) -> Answered:
    """Raises Refusal."""
    number = whole(access.query, "page", least=1, most=1_000_000_000, default=1)
    size = min(whole(access.query, "per_page", least=1, most=1_000_000, default=PER_PAGE), MOST_PER_PAGE)
    wanted, fits = _wanted(access)
    offset = (number - 1) * size
    if fits is None:
        found = access.ports.calls.page(access.account.sid, wanted, offset=offset, limit=size)
        rows, total = found.rows, found.total
        sums = access.ports.calls.sums(access.account.sid, wanted)
    else:
        every = access.ports.calls.page(access.account.sid, wanted, offset=0, limit=MOST_LOOKED_AT)
        fitting = tuple(call for call in every.rows if fits(call))
        rows, total, sums = fitting[offset : offset + size], len(fitting), _sums(fitting)
    pages = -(-total // size)
    return {
        "success": True,
        "account_id": access.account.auth_id,
        "count": len(rows),
        "data": [cdr_fields(call, access) for call in rows],
        "pagination": {
            "page": number,
            "per_page": size,
            "total": total,
            "pages": pages,
            "has_next": number < pages,
            "has_prev": number > 1,
        },
        "summary": _summary(sums),
    }


def _wanted(access: Access) -> tuple[CallFilter, Fits | None]:
    """What the query asks of the records, and what has to be looked at call by call. Raises Refusal."""
    query = {name: text.strip() for name, text in access.query.items() if text.strip()}
    wanted = asked_filter(query, read_directions(query, "call_direction"))
    conditions: list[Fits] = []
    if cause := query.get("hangup_cause", "").upper():
        conditions.append(lambda call: access.ports.why_ended(call).text == cause)
    if became := query.get("hangup_disposition", "").upper():
        conditions.append(lambda call: disposition(call) == became)
    if bridge := query.get("bridge_uuid"):
        parent = read_uuid(bridge)
        conditions.append(lambda call: parent is not None and call.parent_call_id == parent)
    if words := query.get("search", "").lower():
        conditions.append(lambda call: any(words in text for text in _searched(call)))
    if any(name in query for name in _UNKNOWN):
        conditions.append(lambda _call: False)
    if not conditions:
        return wanted, None
    return wanted, lambda call: all(fits(call) for fits in conditions)


def _searched(call: CallRow) -> tuple[str, ...]:
    texts = call.from_, call.to, call.caller_name or "", uuid_text(call.call_id)
    return tuple(text.lower() for text in texts)


def _sums(calls: tuple[CallRow, ...]) -> CallSums:
    return CallSums(
        len(calls),
        sum(call.answered_at is not None for call in calls),
        sum(call.duration_s or 0.0 for call in calls),
        calls[0].date_created if calls else None,
    )


def _summary(sums: CallSums) -> Answered:
    rate = 100 * sums.answered / sums.calls if sums.calls else 0.0
    average_s = sums.seconds / sums.answered if sums.answered else 0.0
    return {
        "totalCalls": sums.calls,
        "answeredCalls": sums.answered,
        "answerRate": round(rate, 2),
        "avgCallDuration": f"{round(average_s)}s",
        "total_duration_seconds": round(sums.seconds),
        "total_billable_seconds": round(sums.seconds),
        "total_cost": 0.0,
        "last_call_at": moment(sums.last_at),
    }


def _lines(access: Access, wanted: CallFilter, fits: Fits | None) -> Iterator[str]:
    """The head, then a line for each call."""
    columns: list[str] = []
    for offset in range(0, MOST_EXPORTED, MOST_LOOKED_AT):
        found = access.ports.calls.page(access.account.sid, wanted, offset=offset, limit=MOST_LOOKED_AT)
        for call in found.rows:
            if fits is not None and not fits(call):
                continue
            fields = cdr_fields(call, access)
            if not columns:
                columns = list(fields)
                yield _line(columns)
            yield _line([_cell(fields[name]) for name in columns])
        if offset + MOST_LOOKED_AT >= found.total:
            break
    if not columns:
        yield _line(["uuid", "call_direction", "caller_id_number", "destination_number"])


def _line(cells: list[str]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerow(cells)
    return text.getvalue()


def _cell(value: object) -> str:
    """A spreadsheet takes what begins with these for a formula, unless it is a number."""
    text = "" if value is None else str(value)
    is_formula = text[:1] in "=@\t\r-+" and not text[1:].replace(".", "").isdigit()
    return f"'{text}" if text and is_formula else text
