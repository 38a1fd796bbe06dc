"""What the callback URL of a Message is told of it: that it is on its way, has arrived, or could not be sent."""

from offhook.call.messages import MessageRow, MessageStatus
from offhook.dialects.clean_text import clean
from offhook.dialects.vobiz.signatures import VOBIZ_AND_PLIVO
from offhook.dialects.vobiz.values import money, number_text, uuid_of
from offhook.verbs import Request

_WORDS = {MessageStatus.SENDING: "queued"}
"""Where it has another word than everybody else."""


def message_request(
    message: MessageRow, *, signature: str = VOBIZ_AND_PLIVO, has_plus: bool = False
) -> Request | None:
    """What is told of its state; None where nobody wants to know. ErrorCode is the notification code of what keeps it from
    its recipient."""
    if message.status_callback is None:
        return None
    identity = uuid_of(message.message_id)
    parameters = (
        ("MessageUUID", identity),
        ("ParentMessageUUID", identity),
        ("Status", _WORDS.get(message.status, message.status.value)),
        ("From", clean(number_text(message.from_, has_plus=has_plus))),
        ("To", clean(number_text(message.to, has_plus=has_plus))),
        ("TotalRate", money()),
        ("TotalAmount", money()),
        *((("ErrorCode", str(message.error_code)),) if message.error_code is not None else ()),
    )
    return Request(message.status_callback, parameters, signature=signature)
