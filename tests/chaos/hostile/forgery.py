"""Requests in somebody else's call, from an address that has nothing to do with it: none of them may be taken."""

import time

from tests.chaos.hostile.plan import Outcome, Plan, Victim, paced
from tests.chaos.hostile.wire import Ear

METHODS = ("BYE", "CANCEL", "INVITE", "UPDATE", "INFO", "REFER", "PRACK", "NOTIFY", "ACK")
ANSWERED_S = 0.2


def forged(plan: Plan, outcome: Outcome) -> None:
    """Each method in each call: with the right tags from a stranger, with wrong ones from there and from who may call."""
    ears = {host: Ear(plan, host) for host in (plan.stranger, plan.friend)}
    kinds = [(method, host, tag) for method in METHODS for host in ears for tag in ("", "wrong")]
    kinds = [each for each in kinds if each[1] == plan.stranger or each[2]]
    sent: dict[str, tuple[str, str]] = {}
    most = len(kinds) * len(plan.victims)
    for number in paced(plan.seconds, 300, least=most):
        method, host, tag = kinds[number % len(kinds)]
        victim = plan.victims[number // len(kinds) % len(plan.victims)]
        branch = f"z9hG4bK-forged-{time.monotonic_ns()}"
        ears[host].send(_request(victim, method, ears[host].address, branch, tag, 900 + number).encode())
        sent[branch] = method, "wrong tags" if tag else "the right tags"
        outcome.sent += 1
    answered_at = time.monotonic() + ANSWERED_S
    for ear in ears.values():
        ear.listen(max(0.0, answered_at - time.monotonic()))
        for message in ear.heard:
            branch = message.get("Via").partition("branch=")[2].partition(";")[0]
            if 200 <= message.status < 300 and branch in sent:
                method, tags = sent[branch]
                outcome.taken.append(f"a forged {method} with {tags} was answered {message.status}")
        ear.close(outcome)


def _request(victim: Victim, method: str, here: str, branch: str, tag: str, cseq: int) -> str:
    host = here.partition(":")[0]
    remote = victim.remote.partition(";tag=")[0] + f";tag={tag}" if tag else victim.remote
    kind, body = {
        "INVITE": (
            "application/sdp",
            f"v=0\r\no=- 9 9 IN IP4 {host}\r\ns=-\r\nc=IN IP4 {host}\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\n",
        ),
        "INFO": ("application/dtmf-relay", "Signal=#\r\nDuration=160\r\n"),
        "NOTIFY": ("message/sipfrag", "SIP/2.0 200 OK"),
    }.get(method, ("text/plain", ""))
    return "\r\n".join(
        [
            f"{method} {victim.target} SIP/2.0",
            f"Via: SIP/2.0/UDP {here};branch={branch};rport",
            *(f"Route: {route}" for route in victim.routes),
            f"From: {victim.local}",
            f"To: {remote}",
            f"Call-ID: {victim.call_id}",
            f"CSeq: {cseq} {method}",
            f"Contact: <sip:evil@{here}>",
            "Max-Forwards: 70",
            f"Refer-To: <sip:evil@{here}>",
            "RAck: 1 1 INVITE",
            "Event: refer",
            f"Content-Type: {kind}",
            f"Content-Length: {len(body)}",
            "",
            body,
        ]
    )
