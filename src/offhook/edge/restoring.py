"""Tells a Kamailio that was started anew where phones are registered, so that it need not wait for them to say so.

Each registration is sent to it as a REGISTER of ours, with the key that only we and its configuration have.
"""

import re
import socket
from collections.abc import Iterable

from offhook.call.info import new_id
from offhook.call.phone_addresses import called_again, way_of
from offhook.call.resource_rows import SIP_REALM, RegisteredPlace

ANSWER_S = 0.5
TRIES = 4
MOST_UNANSWERED = 3
"""In a row: a Kamailio that answers none of these hangs, and is found to do so by whoever waits for us."""
RESTORED = "udp"
"""What else phones registered by were connections, which are gone."""
LOOPBACK = "127.0.0.1"
_CALL_ID = re.compile(rb"^Call-ID:\s*(\S+)", re.IGNORECASE | re.MULTILINE)


def restore(places: Iterable[RegisteredPlace], *, port: int, key: str) -> int:
    """Tell the Kamailio on this port of loopback; how many it took. Blocks; what it does not take, phones tell again."""
    taken = unanswered = 0
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
        line.bind((LOOPBACK, 0))
        line.connect((LOOPBACK, port))
        line.settimeout(ANSWER_S)
        for place in places:
            way = way_of(called_again(place.contact) or "")
            if way is None or way[3] != RESTORED:
                continue
            is_taken = _told(line, place, way, key)
            taken += is_taken is True
            unanswered = unanswered + 1 if is_taken is None else 0
            if unanswered == MOST_UNANSWERED:
                break
    return taken


def _told(
    line: socket.socket, place: RegisteredPlace, way: tuple[str, str, int, str], key: str
) -> bool | None:
    """Whether it is taken; None without an answer."""
    call_id = new_id()
    message = _register(place, way, key, call_id, line.getsockname()[1])
    for _ in range(TRIES):
        try:
            line.send(message)
            while True:
                answer = line.recv(65_535)
                found = _CALL_ID.search(answer)
                if found is not None and found[1] == call_id.encode():
                    return answer.startswith(b"SIP/2.0 200 ")
        except OSError:  # also when nobody listens yet
            continue
    return None


def _register(
    place: RegisteredPlace, way: tuple[str, str, int, str], key: str, call_id: str, own_port: int
) -> bytes:
    address, host, port, transport = way
    target = f"sip:{place.login}@{SIP_REALM}"
    lines = (
        f"REGISTER sip:{SIP_REALM} SIP/2.0",
        f"Via: SIP/2.0/UDP {LOOPBACK}:{own_port};branch=z9hG4bK{call_id}",
        f"From: <{target}>;tag={call_id}",
        f"To: <{target}>",
        f"Call-ID: {call_id}",
        "CSeq: 1 REGISTER",
        "Max-Forwards: 70",
        f"Contact: <{address}>;expires={max(1, round(place.seconds))}",
        f"X-Offhook-Restore: {key}",
        f"X-Offhook-Received: sip:{host}:{port}",
        f"X-Offhook-Flow: {transport}:{host.strip('[]')}:{port}",
        "Content-Length: 0",
    )
    return ("\r\n".join(lines) + "\r\n\r\n").encode()
