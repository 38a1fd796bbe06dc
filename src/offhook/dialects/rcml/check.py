"""What is wrong with an application's RCML, all of it, with its place."""

from offhook.call.exchange import Reply
from offhook.dialects.rcml.read import read
from offhook.dialects.rcml.vocabulary import RCML
from offhook.dialects.xml_reading.check import Checked, Finding, findings
from offhook.dialects.xml_reading.check import Severity as Severity  # for who looks at findings
from offhook.dialects.xml_reading.xml import Element

_LAST = ("Redirect", "Hangup", "Reject")
"""After these nothing of a document runs."""
_LAST_WITH_ACTION = ("Dial", "Hold", "Refer")
"""After these neither, where they name an action: its answer goes on."""


def check(reply: Reply) -> tuple[Finding, ...]:
    """What is wrong with an answer, in the order of its text; nothing where it runs as it stands there."""
    return findings(reply, CHECKED)


def _ends(verb: Element) -> str:
    if verb.name in _LAST:
        return "ends the document"
    has_action = any(name == "action" and value for name, value in verb.attributes)
    return "goes on with what its action answers" if verb.name in _LAST_WITH_ACTION and has_action else ""


CHECKED = Checked(vocabulary=RCML, read=read, ends=_ends)
