"""Reads a key from a SIP INFO whose body is the key alone (`application/dtmf`).

PJSUA hears `application/dtmf-relay` by itself and knows nothing of this older form.
"""

import re

KEY_ALONE = re.compile(r"[0-9*#A-D]", re.IGNORECASE)
CONTENT_TYPE = re.compile(
    r"^(?:content-type|c)\s*:\s*application/dtmf\s*(?:;|$)", re.IGNORECASE | re.MULTILINE
)


def key_of_info(message: str) -> str | None:
    """The key (0-9 * # A-D) that the text of an INFO request carries alone; None for any other INFO."""
    head, _, body = message.replace("\r\n", "\n").partition("\n\n")
    if not CONTENT_TYPE.search(head):
        return None
    key = body.strip()
    return key.upper() if KEY_ALONE.fullmatch(key) else None
