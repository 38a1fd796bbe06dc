"""`/Accounts/{sid}/ChannelIdentities`: names that the account has on channels, and who is told of messages there."""

from dataclasses import replace
from datetime import UTC, datetime

from fastapi import APIRouter
from starlette.responses import Response

from offhook.call.info import new_id
from offhook.call.message_parties import is_channel, sender_on
from offhook.call.messages import ChannelIdentityRow
from offhook.rest import forms
from offhook.rest.errors import NUMBER_TAKEN, Refusal, invalid, not_found
from offhook.rest.forms import Form, FormFields
from offhook.rest.restcomm.access import Access, LetIn
from offhook.rest.restcomm.answers import Fields, Kind
from offhook.rest.restcomm.dates import rfc_822
from offhook.rest.restcomm.spelling import VERSION, resource_uri
from offhook.verbs import Method

IDENTITY = Kind(element="ChannelIdentity", elements="ChannelIdentities", key="channel_identities")
FILTERS = ("Channel",)
LONGEST_NAME = 128

router = APIRouter()


@router.get("/Accounts/{account_sid}/ChannelIdentities")
def show_all(access: LetIn) -> Response:
    """The account's identities, newest first."""
    asked = access.page_asked()
    page = access.ports.messaging.channel_identities.page(
        access.account.sid, access.query.get("Channel"), offset=asked.offset, limit=asked.size
    )
    items = [_fields(identity, access) for identity in page.rows]
    return access.many(IDENTITY, items, page.total, asked, FILTERS)


@router.post("/Accounts/{account_sid}/ChannelIdentities")
def create(access: LetIn, form: FormFields) -> Response:
    """A new identity of the account."""
    channel, name = _identity_of(form)
    now = datetime.now(UTC)
    blank = ChannelIdentityRow(
        sid=f"CI{new_id()}",
        account_sid=access.account.sid,
        channel=channel,
        identity=name,
        friendly_name=f"{channel}:{name}",
        date_created=now,
        date_updated=now,
    )
    identity = _with_properties(blank, form)
    if not access.ports.messaging.channel_identities.create(identity):
        raise Refusal(400, NUMBER_TAKEN, f"Identity {name} is in use on {channel} already.")
    return access.one(IDENTITY, _fields(identity, access))


@router.get("/Accounts/{account_sid}/ChannelIdentities/{sid}")
def show(access: LetIn, sid: str) -> Response:
    """An identity of the account."""
    return access.one(IDENTITY, _fields(_identity(access, sid), access))


@router.post("/Accounts/{account_sid}/ChannelIdentities/{sid}")
@router.put("/Accounts/{account_sid}/ChannelIdentities/{sid}")
def update(access: LetIn, sid: str, form: FormFields) -> Response:
    """A new name or application; what is not given stays, an empty one is cleared."""
    identity = replace(_with_properties(_identity(access, sid), form), date_updated=datetime.now(UTC))
    if not access.ports.messaging.channel_identities.update(identity):
        raise not_found(f"channel identity {sid}")
    return access.one(IDENTITY, _fields(identity, access))


@router.delete("/Accounts/{account_sid}/ChannelIdentities/{sid}")
def delete(access: LetIn, sid: str) -> Response:
    """Give an identity up."""
    if not access.ports.messaging.channel_identities.delete(access.account.sid, sid):
        raise not_found(f"channel identity {sid}")
    return Response(status_code=204)


def _identity(access: Access, sid: str) -> ChannelIdentityRow:
    identity = access.ports.messaging.channel_identities.get(access.account.sid, sid)
    if identity is None:
        raise not_found(f"channel identity {sid}")
    return identity


def _identity_of(form: Form) -> tuple[str, str]:
    """The channel and the name on it: `Identity=sms:+15551234567`, or both apart. Raises Refusal."""
    text = forms.required(form, "Identity")
    channel, colon, rest = text.partition(":")
    if form.get("Channel", "").strip() or not colon:
        channel, rest = forms.required(form, "Channel"), text
    channel = channel.lower()
    if not is_channel(channel):
        raise invalid("Channel must be a name of small letters, digits and -, such as sms or mms.")
    name = sender_on(channel, rest)
    if name is None:
        raise invalid("Identity must be a URI of its channel, such as sms:+15551234567.")
    return channel, name


def _with_properties(identity: ChannelIdentityRow, form: Form) -> ChannelIdentityRow:
    """`identity` with the properties that `form` gives. Raises Refusal."""
    if "FriendlyName" in form:
        name = forms.words(form, "FriendlyName", longest=LONGEST_NAME)
        identity = replace(identity, friendly_name=name or f"{identity.channel}:{identity.identity}")
    if "MessageUrl" in form:
        identity = replace(identity, message_url=forms.url(form, "MessageUrl"))
    if "MessageMethod" in form:
        method = forms.method(form, "MessageMethod")
        identity = replace(identity, message_method=method or Method.POST)
    return identity


def _fields(identity: ChannelIdentityRow, access: Access) -> Fields:
    path = f"ChannelIdentities/{identity.sid}"
    return {
        "sid": identity.sid,
        "account_sid": identity.account_sid,
        "channel": identity.channel,
        "identity": f"{identity.channel}:{identity.identity}",
        "friendly_name": identity.friendly_name,
        "message_url": identity.message_url,
        "message_method": identity.message_method,
        "date_created": rfc_822(identity.date_created),
        "date_updated": rfc_822(identity.date_updated),
        "api_version": VERSION,
        "uri": resource_uri(identity.account_sid, path, format=access.spelling.format),
    }
