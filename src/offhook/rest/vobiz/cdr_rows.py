"""Calls that are over as call detail records, and what a list of them may be narrowed to."""

import re
from datetime import UTC, datetime, timedelta

from offhook.call.info import CallStatus, Direction
from offhook.call.listing import CallFilter
from offhook.call.rows import CallRow
from offhook.rest.errors import invalid
from offhook.rest.vobiz.access import Access
from offhook.rest.vobiz.answers import Answered, moment, uuid_text
from offhook.rest.vobiz.bodies import Fields, whole

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_LAST_DAY = datetime(9999, 12, 31, tzinfo=UTC)
"""Of all that there are: nothing lies after it."""
LONGEST_CALL_S = 1_000_000


def direction_of(call: CallRow) -> str:
    """`inbound` or `outbound`."""
    return "inbound" if call.direction is Direction.INBOUND else "outbound"


def asked_filter(query: Fields, directions: tuple[Direction, ...]) -> CallFilter:
    """The finished calls that a query asks for by numbers, dates and duration. Raises Refusal."""
    begin, end = _days(query)
    least_s = whole(query, "min_duration", least=0, most=LONGEST_CALL_S, default=0)
    return CallFilter(
        from_=_part(query, "from_number"),
        to=_part(query, "to_number"),
        directions=directions,
        created_from=begin,
        created_before=end,
        least_s=float(least_s) if least_s else None,
        is_over=True,
    )


def cdr_fields(call: CallRow, access: Access) -> Answered:
    """A call as a call detail record."""
    why = access.ports.why_ended(call)
    talked_s = _seconds(call.duration_s)
    name = uuid_text(call.call_id)
    return {
        "id": name,
        "uuid": name,
        "account_id": access.account.auth_id,
        "call_direction": direction_of(call),
        "caller_id_name": call.caller_name or "",
        "caller_id_number": call.from_,
        "destination_number": call.to,
        "context": "",
        "region": "",
        "origination_region": "",
        "campaign_id": None,
        "customer_endpoint": "",
        "trunk_id": None,
        "terminated_to": call.to,
        "duration": talked_s,
        "billsec": talked_s,
        "ring_time": _seconds(call.ring_duration_s),
        "start_time": moment(call.date_created),
        "progress_time": None,
        "answer_time": moment(call.answered_at),
        "end_time": moment(call.end_time),
        "created_at": moment(call.date_created),
        "updated_at": moment(call.date_updated),
        "cost": 0.0,
        "total_cost": 0.0,
        "streaming_cost": 0.0,
        "currency": "USD",
        "mos": None,
        "jitter": None,
        "packet_loss": None,
        "codec": None,
        "hangup_cause": why.text,
        "hangup_cause_code": why.code,
        "hangup_cause_name": why.name,
        "hangup_disposition": disposition(call),
        "hangup_source": why.source,
        "failure_code": call.sip_status if call.status is not CallStatus.COMPLETED else None,
        "failure_reason": call.reason if call.status is not CallStatus.COMPLETED else "",
        "bridge_uuid": uuid_text(call.parent_call_id) if call.parent_call_id else None,
        "sip_call_id": None,
        "sip_user_agent": None,
        "network_addr": None,
        "carrier_ip": None,
    }


def plivo_fields(call: CallRow, access: Access) -> Answered:
    """A call that is over as `/Call/` shows it."""
    why = access.ports.why_ended(call)
    name, talked_s = uuid_text(call.call_id), _seconds(call.duration_s)
    return {
        "call_uuid": name,
        "call_direction": direction_of(call),
        "call_state": "ANSWER" if call.status is CallStatus.COMPLETED else str(call.status).upper(),
        "from_number": call.from_,
        "to_number": call.to,
        "initiation_time": moment(call.date_created),
        "answer_time": moment(call.answered_at),
        "end_time": moment(call.end_time),
        "call_duration": talked_s,
        "bill_duration": talked_s,
        "billed_duration": -(-talked_s // 60) * 60,
        "hangup_cause_code": why.code,
        "hangup_cause_name": why.name,
        "hangup_source": why.source,
        "parent_call_uuid": uuid_text(call.parent_call_id) if call.parent_call_id else None,
        "total_amount": "0.00000",
        "total_rate": "0.00000",
        "resource_uri": access.uri(f"Call/{name}"),
    }


def disposition(call: CallRow) -> str:
    """What became of a call, in the words of a switch."""
    match call.status:
        case CallStatus.COMPLETED:
            return "ANSWERED"
        case CallStatus.BUSY:
            return "BUSY"
        case CallStatus.NO_ANSWER:
            return "NO ANSWER"
        case CallStatus.CANCELED:
            return "CANCELLED"
        case _:
            return "FAILED"


def _part(query: Fields, name: str) -> str | None:
    """Whatever contains what is asked for, as it stands."""
    text = query.get(name, "").strip()
    if "%" in text:
        raise invalid(f"{name} must be a number or a part of one.")
    return f"%{text}%" if text else None


def _days(query: Fields) -> tuple[datetime | None, datetime | None]:
    """The first moment of start_date and the first after end_date. Raises Refusal."""
    texts = [query.get(name, "").strip() for name in ("start_date", "end_date")]
    if not any(texts):
        return None, None
    if not all(texts):
        raise invalid("Give start_date and end_date, both or neither.")
    begin, end = (_day(text) for text in texts)
    if end < begin:
        raise invalid("end_date must not lie before start_date.")
    return begin, end + timedelta(days=1) if end < _LAST_DAY else None


def _day(text: str) -> datetime:
    try:
        if _DATE.fullmatch(text):
            return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError:
        pass
    raise invalid("start_date and end_date must be dates such as 2026-11-22.")


def _seconds(seconds: float | None) -> int:
    return int(seconds or 0.0)
