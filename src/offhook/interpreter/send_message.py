"""Runs SendMessage: the message becomes a fact, and whoever sends messages finds it among the rows."""

from offhook.call.facts import NotificationRaised
from offhook.call.info import Direction, new_id
from offhook.call.message_facts import MessageRaised
from offhook.call.message_parties import recipient_on, sender_on
from offhook.interpreter.scene import Scene
from offhook.verbs import MessageAsked, SendMessage

INVALID_TO = 14101
INVALID_FROM = 14102
SENDING, FAILED = "sending", "failed"


async def send_message(verb: SendMessage, scene: Scene) -> MessageAsked:
    """Hand the message over; one that has nobody to go to, or to come from, is kept as failed, and says why.

    Does not wait for the message to be sent, and never stops the call.
    """
    info, tools, message_id = scene.call.info, scene.tools, new_id()
    other, own = (info.from_, info.to) if info.direction is Direction.INBOUND else (info.to, info.from_)
    to, from_ = recipient_on(verb.channel, verb.to or other), sender_on(verb.channel, verb.from_ or own)
    code, why = _refusal(verb, to, from_, other, own)
    tools.recorder.emit(
        MessageRaised(
            message_id=message_id,
            call_id=info.call_id,
            account_sid=info.account_sid,
            at=tools.wall_clock(),
            kind=verb.kind,
            channel=verb.channel,
            from_=from_ or verb.from_ or own,
            to=to or verb.to or other,
            body=verb.body,
            status_callback=verb.status_callback,
            error_code=code,
            error_message=why,
        )
    )
    if code is not None and why is not None:
        tools.recorder.emit(
            NotificationRaised(
                call_id=info.call_id,
                account_sid=info.account_sid,
                at=tools.wall_clock(),
                code=code,
                message=why,
                is_error=True,
            )
        )
    return MessageAsked(kind=verb.kind, message_id=message_id, status=SENDING if code is None else FAILED)


def _refusal(
    verb: SendMessage, to: str | None, from_: str | None, other: str, own: str
) -> tuple[int | None, str | None]:
    """Why it cannot be sent, as a code and a sentence; None and None where it can be tried."""
    if to is None:
        named = "its `to`" if verb.to else "the other party of the call"
        return (
            INVALID_TO,
            f"A message was not sent: {named}, {(verb.to or other)[:64]!r}, is nobody on {verb.channel}.",
        )
    if from_ is None:
        named = "its `from`" if verb.from_ else "our side of the call"
        return INVALID_FROM, (
            f"A message was not sent: {named}, {(verb.from_ or own)[:64]!r}, is nobody on {verb.channel}."
        )
    return None, None
