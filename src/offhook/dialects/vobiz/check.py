"""What is wrong with an application's Vobiz XML, all of it, with its place."""

from offhook.call.exchange import Reply
from offhook.dialects.vobiz.codes import UNUSABLE_URL
from offhook.dialects.vobiz.read import read
from offhook.dialects.vobiz.vocabulary import VOBIZ_XML
from offhook.dialects.xml_reading.check import Checked, Finding, findings
from offhook.dialects.xml_reading.xml import Element

_FOLLOWED_UNLESS_TOLD = ("Dial", "Conference")
"""Their action's answer goes on, unless redirect says otherwise; that of a Record does where redirect says so."""
_IN_THE_BACKGROUND = ("recordSession", "startOnDialAnswer")


def check(reply: Reply) -> tuple[Finding, ...]:
    """What is wrong with an answer, in the order of its text; nothing where it runs as it stands there."""
    return findings(reply, CHECKED)


def _ends(verb: Element) -> str:
    given = {name: value.lower() for name, value in verb.attributes}
    if verb.name == "Redirect" or (verb.name == "Hangup" and not given.get("schedule")):
        return "ends the document"
    if not given.get("action") or any(given.get(name) == "true" for name in _IN_THE_BACKGROUND):
        return ""
    redirect = given.get("redirect")
    is_followed = redirect != "false" if verb.name in _FOLLOWED_UNLESS_TOLD else redirect == "true"
    return "goes on with what its action answers" if is_followed and verb.name in _WITH_ACTION else ""


_WITH_ACTION = (*_FOLLOWED_UNLESS_TOLD, "Record")
CHECKED = Checked(vocabulary=VOBIZ_XML, read=read, ends=_ends, borne=frozenset({UNUSABLE_URL}))
