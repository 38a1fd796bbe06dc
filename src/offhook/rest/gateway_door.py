"""The door of message gateways: what became of messages that they took, and messages that come in.

A gateway shows the operator's secret, as `Authorization: Bearer …` or in the query as `secret`; fields come as JSON or as
a form. Without a secret there is no door.
"""

import hmac
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from urllib.parse import parse_qsl

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse, Response

from offhook.call.message_parties import LONGEST_NAME, e164, is_channel, sender
from offhook.call.messages import (
    UNDELIVERABLE,
    UNKNOWN_ERROR,
    ArrivedMessage,
    MessageStatus,
    Receipt,
)
from offhook.rest.errors import TOO_LARGE, UNAUTHORIZED, Refusal, invalid, not_found
from offhook.rest.messaging_ports import MessagingPorts
from offhook.verbs import SMS_CHANNEL

GATEWAY = "http"
"""The name of the carrier that this door belongs to, as messages are marked with it."""
MAX_BODY_BYTES = 200_000
LONGEST_REFERENCE = 256
LONGEST_TEXT = 20_000
LONGEST_REASON = 500
_STATES: Mapping[str, MessageStatus | None] = {
    **dict.fromkeys(("queued", "accepted", "sending", "enroute", "buffered"), None),
    "sent": MessageStatus.SENT,
    **dict.fromkeys(("delivered", "delivrd", "read"), MessageStatus.DELIVERED),
    **dict.fromkeys(("undelivered", "undeliv", "expired", "deleted"), MessageStatus.UNDELIVERED),
    **dict.fromkeys(("failed", "rejected", "error"), MessageStatus.FAILED),
}
"""The words of gateways; those on the way there change nothing."""

Fields = Mapping[str, str]


async def _status(request: Request) -> Response:
    """A receipt: `id` (ours) or `reference` (theirs), `status`, and where it failed `error_code` and `error`."""
    ports, fields = await _let_in(request)
    word = _required(fields, "status").lower()
    if word not in _STATES:
        raise invalid(f"status must be one of {', '.join(_STATES)}.")
    message_id, reference = fields.get("id"), fields.get("reference")
    if not message_id and not reference:
        raise invalid(
            "id, which came with the message, or reference, the gateway's own name of it, is required."
        )
    status = _STATES[word]
    if status is None:
        return JSONResponse({"status": "ok"})
    is_failure = status in (MessageStatus.UNDELIVERED, MessageStatus.FAILED)
    standard = UNDELIVERABLE if status is MessageStatus.UNDELIVERED else UNKNOWN_ERROR
    why = fields.get("error") or f"the gateway says {word}"
    receipt = Receipt(
        provider=GATEWAY,
        message_id=message_id or None,
        references=(reference,) if reference else (),
        status=status,
        error_code=_code(fields, standard) if is_failure else None,
        error_message=why[:LONGEST_REASON] if is_failure else None,
    )
    if not await run_in_threadpool(ports.receipts.receive, receipt):
        raise not_found(f"message {(message_id or reference or '')[:64]}")
    return JSONResponse({"status": "ok"})


async def _incoming(request: Request) -> Response:
    """A message: `from`, `to`, `body`, and where there are such `channel`, `reference` and `media`."""
    ports, fields = await _let_in(request)
    channel = (fields.get("channel") or SMS_CHANNEL).lower()
    if not is_channel(channel):
        raise invalid("channel must be a name of small letters, digits and -, such as sms.")
    from_, to = _required(fields, "from"), _required(fields, "to")
    body = fields.get("body", "")
    if len(body) > LONGEST_TEXT:
        raise invalid(f"body must not be longer than {LONGEST_TEXT} characters.")
    for name, text in (("from", from_), ("to", to), ("reference", fields.get("reference", ""))):
        if len(text) > LONGEST_NAME:
            raise invalid(f"{name} must not be longer than {LONGEST_NAME} characters.")
    arrived = ArrivedMessage(
        provider=GATEWAY,
        channel=channel,
        from_=sender(from_) or from_,
        to=e164(to) or to,
        body=body,
        reference=fields.get("reference") or None,
        media=tuple(fields.get("media", "").split()),
    )
    kept = await run_in_threadpool(ports.arrivals.arrive, arrived, datetime.now(UTC))
    if kept is None:
        raise not_found(f"number or identity {to[:64]} on {channel}")
    return JSONResponse({"status": "ok", "id": kept.message_id})


async def _let_in(request: Request) -> tuple[MessagingPorts, Fields]:
    """The ports and what was posted, for whoever shows the secret. Raises Refusal."""
    ports: MessagingPorts = request.app.state.ports.messaging
    if request.path_params["gateway"] != GATEWAY or ports.gateway_secret is None:
        raise not_found("open door for gateways here; OFFHOOK_SMS_SECRET opens /messaging/http")
    scheme, _, shown = request.headers.get("authorization", "").partition(" ")
    given = shown.strip() if scheme.lower() == "bearer" else request.query_params.get("secret", "")
    if not hmac.compare_digest(given.encode(), ports.gateway_secret.encode()):
        words = (
            "Show the secret of OFFHOOK_SMS_SECRET: Authorization: Bearer <secret>, or ?secret= in the URL."
        )
        raise Refusal(401, UNAUTHORIZED, words, {"WWW-Authenticate": "Bearer"})
    return ports, _read(await _body(request), request.headers.get("content-type", ""))


async def _body(request: Request) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY_BYTES:
            raise Refusal(413, TOO_LARGE, f"The body must not be larger than {MAX_BODY_BYTES} bytes.")
    return bytes(body)


def _read(body: bytes, content_type: str) -> Fields:
    try:
        if "json" not in content_type.lower():
            return dict(parse_qsl(body.decode("utf-8"), keep_blank_values=True, max_num_fields=100))
        told = json.loads(body)
    except (ValueError, RecursionError):
        told = None
    if not isinstance(told, dict):
        raise invalid("The body must be a JSON object, or form fields in UTF-8.")
    return {
        str(name): " ".join(map(str, value)) if isinstance(value, list) else str(value)
        for name, value in told.items()
        if value is not None
    }


def _required(fields: Fields, name: str) -> str:
    text = fields.get(name, "").strip()
    if not text:
        raise invalid(f"{name} is required.")
    return text


def _code(fields: Fields, standard: int) -> int:
    text = fields.get("error_code", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else standard


router = APIRouter()
router.add_api_route("/messaging/{gateway}/status", _status, methods=["POST"])
router.add_api_route("/messaging/{gateway}/incoming", _incoming, methods=["POST"])
