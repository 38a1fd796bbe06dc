"""What others ask for besides a digest, and show besides one: the library drops a whole message for a challenge, or for credentials,
that it cannot read."""

import re

ALGORITHMS = (b"MD5", b"SHA-256", b"SHA-512-256")
"""Those that the library can answer."""
_TOKEN = rb"[\w!#$%&'*+.^`|~-]+"
_VALUE = rb"[ \t]*:((?:[^\r\n]|\r?\n[ \t])*)\r?\n"
_CHALLENGE = re.compile(rb"^(WWW-Authenticate|Proxy-Authenticate)" + _VALUE, re.IGNORECASE | re.MULTILINE)
_OTHER_CREDENTIALS = re.compile(
    rb"^(?:Proxy-)?Authorization(?![ \t]*:\s*Digest\s)" + _VALUE, re.IGNORECASE | re.MULTILINE
)
_PART = re.compile(rb'(?:[^",]|"(?:\\.|[^"\\])*+"?)++', re.DOTALL)
"""Between two commas; a quotation that nobody ends goes on to the end."""
_BEGINS = re.compile(rb"\s*+(" + _TOKEN + rb"+)(?:\s++(?!=)|$)")
"""Takes what it can at once: a stranger's blanks are not to be counted again and again."""
_ALGORITHM = re.compile(rb'[\s,]algorithm\s*=\s*"?(' + _TOKEN + rb")", re.IGNORECASE)
_END_OF_HEADERS = re.compile(rb"(\r?\n)\r?\n")


def readable_answer(answer: bytes) -> bytes:
    """A SIP answer in which each challenge is one that the library reads and can answer: a digest, in a header of its own.

    It is at least a byte shorter where anything is changed; challenges for which that leaves no room fall, the last ones first.
    """
    headers, body = _divided(answer)
    fields = _CHALLENGE.findall(headers)
    asked = [(name, challenge) for name, value in fields for challenge in _challenges(value)]
    wanted = [(name, challenge) for name, challenge in asked if _is_answered(challenge)]
    if len(wanted) == len(fields) == len(asked):
        return answer
    line_end = b"\r\n" if b"\r\n" in headers else b"\n"
    others = _CHALLENGE.sub(b"", headers)
    room, lines = len(headers) - len(others), list[bytes]()
    for name, challenge in wanted:
        line = name + b": " + challenge + line_end
        room -= len(line)
        if room <= 0:
            break
        lines.append(line)
    return others + b"".join(lines) + body


def readable_request(request: bytes) -> bytes:
    """A SIP request without credentials that are no digest: they prove nothing here."""
    headers, body = _divided(request)
    others = _OTHER_CREDENTIALS.sub(b"", headers)
    return request if len(others) == len(headers) else others + body


def _divided(message: bytes) -> tuple[bytes, bytes]:
    end = _END_OF_HEADERS.search(message)
    return (message[: end.end(1)], message[end.end(1) :]) if end else (message, b"")


def _challenges(value: bytes) -> list[bytes]:
    """Those of one header: schemes with their parameters, all of them divided by commas."""
    found: list[list[bytes]] = []
    for part in _PART.findall(value):
        if _BEGINS.match(part) or not found:
            found.append([])
        found[-1].append(b" ".join(part.split()) if b'"' not in part else part.strip())
    return [b", ".join(parts) for parts in found]


def _is_answered(challenge: bytes) -> bool:
    scheme, _, parameters = challenge.partition(b" ")
    algorithm = _ALGORITHM.search(b"," + parameters)
    return scheme.lower() == b"digest" and (algorithm is None or algorithm[1].upper() in ALGORITHMS)
