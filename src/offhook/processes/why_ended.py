"""Why calls ended, in the words of the API that shows it."""

from offhook.call.rows import CallRow
from offhook.dialects.vobiz.row_cause import cause_of_row
from offhook.rest.ports import EndWords


def why_ended(call: CallRow) -> EndWords:
    """Fills `rest.ports.Ports.why_ended`."""
    cause = cause_of_row(call)
    return EndWords(cause.text, cause.code, cause.name, cause.source.value)
