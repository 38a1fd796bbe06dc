"""Two properties that numbers, accounts and calls share: Metadata, and RecordAll."""

import json

from offhook.call.rows import RecordAll
from offhook.rest import forms
from offhook.rest.errors import invalid
from offhook.rest.forms import Form
from offhook.rest.restcomm.spelling import Format


def metadata(form: Form, name: str = "Metadata") -> str | None:
    """The text of a JSON object that the customer attaches; None where there is none. Raises Refusal."""
    return forms.json_object(form, name)


def metadata_shown(text: str | None, format: Format) -> object:
    """What the customer attached: an object in JSON, its text in XML."""
    return text if text is None or format is Format.XML else json.loads(text)


def record_all(form: Form, name: str = "RecordAll") -> RecordAll | None:
    """mono, stereo or none; None where it is not said. Raises Refusal."""
    text = form.get(name, "").strip().lower()
    if text and text not in list(RecordAll):
        raise invalid(f"{name} must be mono, stereo or none.")
    return RecordAll(text) if text else None
