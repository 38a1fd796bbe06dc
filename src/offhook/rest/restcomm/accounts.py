"""`/Accounts/{sid}`: the account itself."""

from fastapi import APIRouter
from starlette.responses import Response

from offhook.call.rows import AccountRow
from offhook.rest.restcomm.access import LetIn
from offhook.rest.restcomm.answers import Fields, Kind
from offhook.rest.restcomm.dates import rfc_822
from offhook.rest.restcomm.spelling import Format, resource_uri

ACCOUNT = Kind(element="Account", elements="Accounts", key="accounts")
router = APIRouter()


@router.get("/Accounts/{account_sid}")
def show(access: LetIn) -> Response:
    """The account."""
    return access.one(ACCOUNT, _fields(access.account, access.spelling.format, shows_token=not access.by_key))


def _fields(account: AccountRow, format: Format, *, shows_token: bool) -> Fields:
    """The account's properties. Who came by an API key, which can be revoked, does not learn what cannot."""
    return {
        "sid": account.sid,
        "organization": account.organization_sid,
        "friendly_name": account.friendly_name,
        "email_address": account.email_address,
        "type": account.type,
        "status": account.status,
        "role": account.role,
        "date_created": rfc_822(account.date_created),
        "date_updated": rfc_822(account.date_updated),
        "auth_token": account.auth_token if shows_token else None,
        "uri": resource_uri(account.sid, format=format),
        "subresource_uris": {
            "calls": resource_uri(account.sid, "Calls", format=format),
            "gathers_dtmf": resource_uri(account.sid, "Gathers/DTMF", format=Format.JSON),
            "gathers_speech": resource_uri(account.sid, "Gathers/Speech", format=Format.JSON),
            "incoming_phone_numbers": resource_uri(account.sid, "IncomingPhoneNumbers", format=format),
            "notifications": resource_uri(account.sid, "Notifications", format=format),
        },
    }
