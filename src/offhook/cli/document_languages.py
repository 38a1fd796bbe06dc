"""The languages whose documents can be checked: how each is told from the others, checked, and asked for."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from offhook.call.exchange import Reply
    from offhook.call.info import CallInfo
    from offhook.dialects.xml_reading.check import Finding

FOUND_OUT = "auto"
NAMES = ("rcml", "vobiz")
"""The language of the installation first: what could be either is taken for it."""

_ELEMENT = re.compile(rb"<([A-Za-z]+)[\s/>]")
_OWN_ELEMENTS = {
    "rcml": (
        *("Say", "Pause", "Reject", "Sms", "Email", "Enqueue", "Leave", "Hold", "Resume", "Refer"),
        *("Client", "Sip", "Uri", "Queue", "Fax", "UssdCollect", "UssdMessage", "Language"),
    ),
    "vobiz": (
        *("Speak", "Wait", "DTMF", "GetInput", "GetDigits", "PreAnswer", "Preanswer", "Stream", "User"),
        *("MultiPartyCall", "Message"),
    ),
}
"""The elements that no other language has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentLanguage:
    """One of them."""

    name: str
    title: str
    """What developers call it."""
    check: Callable[["Reply"], tuple["Finding", ...]]
    first_parameters: Callable[["CallInfo"], tuple[tuple[str, str], ...]]
    """What a call that comes in asks its first document with."""


def document_language(name: str) -> DocumentLanguage:
    """The language of this name. Raises ValueError where there is none."""
    from offhook.call.errors import Asked
    from offhook.call.info import CallStatus
    from offhook.verbs import Target

    somewhere = Target("http://application.example/")
    match name:
        case "rcml":
            from offhook.dialects.rcml.check import check as check_rcml
            from offhook.dialects.rcml.dialect import Rcml

            rcml = Rcml(instance_id="0" * 32)
            return DocumentLanguage(
                name=name,
                title="RCML",
                check=check_rcml,
                first_parameters=lambda info: rcml.standard(info, CallStatus.RINGING),
            )
        case "vobiz" | "plivo":  # the latter's names are read as well
            from offhook.dialects.vobiz.check import check as check_vobiz
            from offhook.dialects.vobiz.dialect import Vobiz

            vobiz = Vobiz()
            return DocumentLanguage(
                name="vobiz",
                title="Vobiz XML",
                check=check_vobiz,
                first_parameters=lambda info: (
                    vobiz.request(somewhere, vobiz.standard(info, CallStatus.RINGING), Asked.FIRST).parameters
                ),
            )
        case _:
            raise ValueError(f"--dialect {name!r}: write {', '.join((*NAMES, 'plivo'))}, or {FOUND_OUT}")


def probable_name(body: bytes) -> str:
    """The language that a document is probably written in, by the elements in it, well-formed or not: that of the
    installation unless it has elements of another one, and none of its own."""
    found = {element.decode("ascii") for element in _ELEMENT.findall(body)}
    return next((name for name in NAMES if not found.isdisjoint(_OWN_ELEMENTS[name])), NAMES[0])
