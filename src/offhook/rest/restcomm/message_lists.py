"""What the two lists of messages have in common: their filters, their order, and a text to be sent."""

import re
from collections.abc import Callable, Mapping

from offhook.call.message_parties import LONGEST_BODY
from offhook.call.messages import MessageFilter, MessageStatus
from offhook.rest.errors import invalid
from offhook.rest.forms import Form
from offhook.rest.restcomm.dates import read_from, read_until
from offhook.verbs import MessageKind

FILTERS = ("From", "To", "Body", "Status", "StartTime", "EndTime", "SortBy")
_SORTABLE = {
    "DateCreated": "date_created",
    "From": "from_",
    "To": "to",
    "Direction": "direction",
    "Status": "status",
    "Body": "body",
}
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


def read_filter(
    query: Mapping[str, str], kind: MessageKind, party: Callable[[str], str] = str
) -> MessageFilter:
    """The messages that a query asks for; `party` turns a From or To into what is kept. Raises Refusal."""
    sort_by, is_descending = read_order(query)
    return MessageFilter(
        kind=kind,
        from_=party(query["From"]) if "From" in query else None,
        to=party(query["To"]) if "To" in query else None,
        body=query.get("Body"),
        status=_status(query["Status"]) if "Status" in query else None,
        created_from=read_from("StartTime", query["StartTime"]) if "StartTime" in query else None,
        created_before=read_until("EndTime", query["EndTime"]) if "EndTime" in query else None,
        sort_by=sort_by,
        is_descending=is_descending,
    )


def read_order(query: Mapping[str, str]) -> tuple[str, bool]:
    """What `SortBy=Field:asc` sorts by, and whether downwards; newest first where it is not given. Raises Refusal."""
    if "SortBy" not in query:
        return "date_created", True
    name, _, direction = query["SortBy"].partition(":")
    if name not in _SORTABLE or direction.lower() not in ("", "asc", "desc"):
        raise invalid(
            f"SortBy must be one of {', '.join(_SORTABLE)}, and may end in :asc or :desc, such as DateCreated:desc."
        )
    return _SORTABLE[name], direction.lower() == "desc"


def read_body(form: Form) -> str:
    """The text to send. Raises Refusal."""
    body = form.get("Body", "").strip()
    if not body:
        raise invalid("Body is required.")
    if len(body) > LONGEST_BODY:
        raise invalid(f"Body must not be longer than {LONGEST_BODY} characters.")
    if _CONTROL.search(body):
        raise invalid("Body must be plain text, without control characters.")
    return body


def _status(text: str) -> MessageStatus:
    try:
        return MessageStatus(text.lower())
    except ValueError:
        raise invalid(f"Status must be one of {', '.join(MessageStatus)}.") from None
