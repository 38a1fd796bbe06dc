"""Sends packets as fast as it is told to, in a process of its own: `python -m tests.sip.flooder PORT SOURCE KIND SECONDS PER_S`.

Bounded in time, and to this machine. Prints how many it sent.
"""

import random
import socket
import sys
import time

BURST_S = 0.005
KINDS = ("invite", "options", "register", "garbage", "bye")
SDP = "v=0\r\no=- 1 1 IN IP4 127.0.0.9\r\ns=-\r\nc=IN IP4 127.0.0.9\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\n"


def packet(kind: str, number: int, source: str) -> bytes:
    """One packet of a flood; no two are of one transaction."""
    if kind == "garbage":
        return random.Random(number).randbytes(40 + number % 1200)
    method, body = kind.upper(), SDP if kind == "invite" else ""
    to = "<sip:flooded@127.0.0.1>" + (";tag=nobody" if kind == "bye" else "")
    lines = [
        f"{method} sip:flooded@127.0.0.1 SIP/2.0",
        f"Via: SIP/2.0/UDP {source}:9;branch=z9hG4bK-flood-{kind}-{number}",
        f"From: <sip:flood@{source}>;tag={number}",
        f"To: {to}",
        f"Call-ID: flood-{kind}-{number}@{source}",
        f"CSeq: 1 {method}",
        f"Contact: <sip:flood@{source}:9>",
        "Max-Forwards: 70",
        *(["Content-Type: application/sdp"] if body else []),
        f"Content-Length: {len(body)}",
        "",
        body,
    ]
    return "\r\n".join(lines).encode()


def flood(port: int, source: str, kind: str, seconds: float, per_s: float) -> int:
    """Send; how many packets it came to."""
    out = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    out.bind((source, 0))
    began_at, sent = time.monotonic(), 0
    while (elapsed := time.monotonic() - began_at) < min(seconds, 60.0):
        while sent < elapsed * per_s:
            out.sendto(packet(kind, sent, source), ("127.0.0.1", port))
            sent += 1
        time.sleep(BURST_S)
    out.close()
    return sent


if __name__ == "__main__":
    print(flood(int(sys.argv[1]), sys.argv[2], sys.argv[3], float(sys.argv[4]), float(sys.argv[5])))
