"""What people and phones sign in with: addresses and new passwords, as forms give them."""

import re

from offhook.rest import forms
from offhook.rest.errors import invalid
from offhook.rest.forms import Form
from offhook.rest.signing_in import TOKEN_LIKE

SHORTEST_OF_PEOPLE, SHORTEST_OF_PHONES = 12, 8
LONGEST_PASSWORD = 256
FEWEST_CHARACTERS = 5
"""Different ones, in a password."""
LONGEST_ADDRESS = 254
_ADDRESS = re.compile(
    r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@(?=[A-Za-z0-9.-]*\.)[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?"
)


def email_address(form: Form, name: str = "EmailAddress") -> str:
    """An e-mail address in lower case; it must be there. Raises Refusal."""
    text = forms.required(form, name)
    if len(text) > LONGEST_ADDRESS or not _ADDRESS.fullmatch(text) or ".." in text:
        raise invalid(f"{name} must be an e-mail address, such as ada@example.com.")
    return text.lower()


def new_password(form: Form, *, shortest: int, unlike: str) -> str:
    """A password that is not easily guessed, and is not `unlike`, which others know. Raises Refusal."""
    forms.required(form, "Password")
    password = form["Password"]
    if not shortest <= len(password) <= LONGEST_PASSWORD:
        raise invalid(f"Password must have {shortest} to {LONGEST_PASSWORD} characters; take a few words.")
    if TOKEN_LIKE.fullmatch(password):
        raise invalid("Password looks like an auth token; take a few words.")
    if password.isdigit() or len(set(password)) < FEWEST_CHARACTERS:
        raise invalid(
            f"Password is too weak: it needs letters, and at least {FEWEST_CHARACTERS} different characters."
        )
    if unlike and password.lower() in (unlike.lower(), unlike.lower().partition("@")[0]):
        raise invalid("Password is too weak: it is the name that it goes with.")
    return password
