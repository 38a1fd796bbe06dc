"""From the bytes of an answer to its text: few encodings, decoded strictly, with faults located.

The order in which an encoding is believed: a byte order mark, the XML declaration, the charset of the
Content-Type header, UTF-8. ISO-8859-1 is read as windows-1252, as browsers do, because that is what servers
send under this name; US-ASCII is read as UTF-8, of which it is a part.
"""

import codecs
import re
from typing import NoReturn

from offhook.call.errors import DocumentInvalid
from offhook.call.exchange import Reply

_CODECS = {
    "utf-8": "utf-8",
    "utf8": "utf-8",
    "us-ascii": "utf-8",
    "ascii": "utf-8",
    "utf-16": "utf-16",
    "utf-16le": "utf-16-le",
    "utf-16be": "utf-16-be",
    "iso-8859-1": "windows-1252",
    "iso8859-1": "windows-1252",
    "latin1": "windows-1252",
    "latin-1": "windows-1252",
}
"""Names as applications write them, lower case, and the codec that reads each."""

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_BARE_UTF16 = ((b"<\0", "utf-16-le"), (b"\0<", "utf-16-be"))
"""How a document in UTF-16 begins when the byte order mark is missing."""

_DECLARED = re.compile(rb"""\s*<\?xml\s[^>]{0,200}?encoding\s*=\s*["']([^"'>]{0,60})["']""")
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
"""Characters that XML 1.0 (section 2.2) does not allow."""


def charset(reply: Reply) -> str | None:
    """What the Content-Type header says of the encoding."""
    found = re.search(r";\s*charset\s*=\s*([^;\s]+)", reply.header("content-type") or "", re.IGNORECASE)
    return found[1] if found else None


def decode(body: bytes, charset: str | None, code: int) -> str:
    """The text of a document; `charset` is what the HTTP header says, None where it says nothing.

    Raises DocumentInvalid(code) for an encoding that is not read, bytes that are not of it, and control characters.
    """
    codec, mark_length, label = _choose(body, charset, code)
    try:
        text = body[mark_length:].decode(codec)
    except UnicodeDecodeError as fault:
        before = body[mark_length : mark_length + fault.start].decode(codec)
        byte = body[mark_length + fault.start]
        _refuse(
            code,
            before,
            f"the byte 0x{byte:02X} is not valid {label} here. "
            "Send the document in UTF-8, or name its real encoding in the XML declaration",
        )
    forbidden = _FORBIDDEN.search(text)
    if forbidden is not None:
        _refuse(
            code,
            text[: forbidden.start()],
            f"the control character U+{ord(forbidden[0]):04X} may not stand in XML. Remove it",
        )
    return text


def position(before: str) -> tuple[int, int]:
    """Line and column, from 1, of what follows `before`."""
    return before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1


def _choose(body: bytes, charset: str | None, code: int) -> tuple[str, int, str]:
    """The codec, the length of the byte order mark, and the encoding's name for people."""
    for mark, codec in _MARKS:
        if body.startswith(mark):
            return codec, len(mark), codec.upper()
    for start, codec in _BARE_UTF16:
        if body.startswith(start):
            return codec, 0, codec.upper()
    declared = _DECLARED.match(body)
    # A declaration that reads byte by byte is not in UTF-16, whatever it says: .NET's string writer says so.
    if declared is not None and not declared[1].lower().startswith(b"utf-16"):
        return _known(declared[1].decode("latin-1"), "the XML declaration", code)
    if charset:
        return _known(charset, "the Content-Type header", code)
    return "utf-8", 0, "UTF-8"


def _known(name: str, where: str, code: int) -> tuple[str, int, str]:
    codec = _CODECS.get(name.strip().strip("\"'").lower())
    if codec is None:
        raise DocumentInvalid(
            code,
            f"The encoding {name[:40]!r} named in {where} is not supported. "
            "Send UTF-8 (UTF-16, ISO-8859-1 and US-ASCII are read as well).",
            line=1,
            column=1,
        )
    return codec, 0, name.strip().upper()


def _refuse(code: int, before: str, what: str) -> NoReturn:
    line, column = position(before)
    raise DocumentInvalid(code, f"Line {line}, column {column}: {what}.", line=line, column=column)
