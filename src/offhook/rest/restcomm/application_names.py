"""Sids of applications, as numbers and clients name them."""

from offhook.rest.errors import invalid
from offhook.rest.forms import Form
from offhook.rest.restcomm.access import Access


def application_sid(access: Access, form: Form, name: str) -> str | None:
    """The sid of an application that the account has; None where the field is empty. Raises Refusal."""
    sid = form.get(name, "").strip()
    if sid and access.ports.applications.get(access.account.sid, sid) is None:
        raise invalid(
            f"{name} must be the sid of an application of this account, such as AP followed by 32 hex digits."
        )
    return sid or None
