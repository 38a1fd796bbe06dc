"""The notification of a callback that was given up, in the transaction that gives it up."""

from collections.abc import Sequence
from urllib.parse import urlencode

from sqlalchemy import Connection, insert

from offhook.call.delivery import CALL_STATUS, DeliveryReport
from offhook.call.exchange import without_credentials
from offhook.call.info import new_id
from offhook.records.numbering import Listing, Numbering
from offhook.records.tables import notifications

MAX_VARIABLES_CHARS = 4096

_INSERT = insert(notifications)


def tell_deaths(connection: Connection, reports: Sequence[DeliveryReport]) -> None:
    """Add a notification to its account for each of `reports`, which all tell of a death."""
    numbering = Numbering(
        connection, ((report.item.account_sid, Listing.NOTIFICATIONS) for report in reports)
    )
    for report in reports:
        request = report.item.request
        place = numbering.next(report.item.account_sid, Listing.NOTIFICATIONS, report.at)
        numbering.take(place)
        row = {
            "notification_id": new_id(),
            "account_sid": report.item.account_sid,
            "seq": place.seq,
            "call_id": report.item.call_id if report.item.kind == CALL_STATUS else "",
            "code": report.code,
            "message": f"This callback was given up: {report.why}",
            "log": 0,
            "request_url": without_credentials(request.target.url),
            "request_method": request.target.method,
            "request_variables": urlencode(request.parameters, errors="replace")[:MAX_VARIABLES_CHARS],
            "response_headers": "",
            "response_body": report.attempt.head if report.attempt else "",
            "date_created": place.at,
        }
        connection.execute(_INSERT, row)
    numbering.save()
