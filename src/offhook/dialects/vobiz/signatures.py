"""The headers that sign a request, under the names and by the rules that Vobiz and Plivo give: pure but for the nonce.

    V2          HMAC-SHA256(scheme://host/path, nonce)
    Vobiz V3    HMAC-SHA256(scheme://host/path, a full stop, nonce)
    Plivo V3    as that, with the query before the full stop and, of a POST, its fields: see `_plivo_v3_text`

All in base64, keyed with the account's auth token. The query is signed by Plivo's V3 alone, a fragment by nobody.
"""

import base64
import hashlib
import hmac
import secrets
from urllib.parse import parse_qsl

from offhook.call.signing import Keys, Outgoing, Pairs

VOBIZ, VOBIZ_AND_PLIVO = "vobiz", "vobiz+plivo"
"""Names of signatures: what is sent to Vobiz' applications, and to those who check with a library of Plivo's too."""
NONCE_DIGITS = 20


def vobiz_signature(outgoing: Outgoing, keys: Keys, _at: int) -> Pairs:
    """Vobiz' V2 and V3, and for a sub-account the same with its owner's token. A `call.signing.Scheme`."""
    return vobiz_headers(outgoing, keys, new_nonce())


def vobiz_and_plivo_signature(outgoing: Outgoing, keys: Keys, _at: int) -> Pairs:
    """Those of Vobiz, and Plivo's V2 and V3. A `call.signing.Scheme`."""
    nonce = new_nonce()
    return (*vobiz_headers(outgoing, keys, nonce), *plivo_headers(outgoing, keys, nonce))


SCHEMES = {VOBIZ: vobiz_signature, VOBIZ_AND_PLIVO: vobiz_and_plivo_signature}
"""By the name that a request bears."""


def new_nonce() -> str:
    """Twenty random digits."""
    return str(secrets.randbelow(10**NONCE_DIGITS)).zfill(NONCE_DIGITS)


def vobiz_headers(outgoing: Outgoing, keys: Keys, nonce: str) -> Pairs:
    """X-Vobiz-Signature-V2 and -V3 with their nonces, and -MA-V2 and -MA-V3 where the account has an owner.

    One value each, made with the newest token: who checks them compares the header as a whole.
    """
    if not keys.own:
        return ()
    base = _without_query(outgoing.url)
    texts = (("V2", base + nonce), ("V3", f"{base}.{nonce}"))
    signed = tuple(
        (f"X-Vobiz-Signature-{owner}{version}", _signed(text, tokens[0]))
        for owner, tokens in (("", keys.own), ("MA-", keys.parent))
        for version, text in texts
        if tokens
    )
    return (*signed, *((f"X-Vobiz-Signature-{version}-Nonce", nonce) for version, _ in texts))


def plivo_headers(outgoing: Outgoing, keys: Keys, nonce: str) -> Pairs:
    """X-Plivo-Signature-V2 and -V3 with their nonces, and -Ma-V2 and -Ma-V3 of the main account, which may be this one.

    The V3 ones are lists, separated by commas: a value for each token.
    """
    if not keys.own:
        return ()
    v2_text = _without_query(outgoing.url) + nonce
    v3_text = _plivo_v3_text(outgoing, nonce)

    def by(tokens: tuple[str, ...]) -> tuple[str, str]:
        return _signed(v2_text, tokens[0]), ",".join(_signed(v3_text, token) for token in tokens)

    own = by(keys.own)
    signed = tuple(
        (f"X-Plivo-Signature-{owner}{version}", value)
        for owner, values in (("", own), ("Ma-", by(keys.parent) if keys.parent else own))
        for version, value in zip(("V2", "V3"), values, strict=True)
    )
    nonces = tuple((f"X-Plivo-Signature-{version}-Nonce", nonce) for version in ("V2", "V3"))
    return (*signed, *nonces)


def _plivo_v3_text(outgoing: Outgoing, nonce: str) -> str:
    """`url?a=1&b=2.name1value1name2value2.nonce`, all sorted; the fields are a POST's.

    A POST with fields has the question mark also where there is no query, but then no full stop before the fields.
    """
    query = parse_qsl(outgoing.url.partition("?")[2], keep_blank_values=True)
    fields = parse_qsl(outgoing.body.decode("ascii", "replace"), keep_blank_values=True)
    asked = "&".join(f"{name}={value}" for name, value in sorted(query))
    text = _without_query(outgoing.url)
    if asked or fields:
        text += f"?{asked}"
    if asked and fields:
        text += "."
    return text + "".join(name + value for name, value in sorted(fields)) + f".{nonce}"


def _without_query(url: str) -> str:
    return url.partition("?")[0]


def _signed(text: str, token: str) -> str:
    made = hmac.new(token.encode(), text.encode(errors="replace"), hashlib.sha256).digest()
    return base64.b64encode(made).decode("ascii")
