"""Strangers, in a process of their own: reads a plan, does what it says, and prints what came of each attack.

Bounded in count and time, and to this machine.
"""

import random
import socket
import struct
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from functools import partial

from tests.chaos.hostile.forgery import forged
from tests.chaos.hostile.guessing import guesses
from tests.chaos.hostile.plan import Outcome, Plan, paced
from tests.chaos.hostile.wire import Ear, close_all, connected
from tests.sip.flooder import KINDS, flood, packet
from tests.sip.peer import EVENTS, TELEPHONE_EVENT
from tests.sip.torture.beyond import BEYOND
from tests.sip.torture.invalid import INVALID
from tests.sip.torture.message import Torture
from tests.sip.torture.offers import SDPS, offer
from tests.sip.torture.valid import VALID

MOST_CONNECTIONS = 200
PACKETS_PER_S = 50
POUND = EVENTS.index("#")
"""The key that would end what callers listen to."""
NOT_IN_ONE_PACKET = 1300
REPORTS = range(200, 208)
"""The types of RTCP packets."""


def flooding(plan: Plan, outcome: Outcome) -> None:
    """So many packets of a kind a second, each of a transaction of its own."""
    outcome.sent = flood(plan.port, plan.stranger, outcome.attack, plan.seconds, plan.per_s)


def tcp_garbage(plan: Plan, outcome: Outcome) -> None:
    """Connections with bytes that are no SIP, half a message, or one that promises more than comes; some are reset."""
    held: list[socket.socket] = []
    for number in paced(plan.seconds, plan.per_s / 20):
        opened = connected(plan)
        if opened is None:
            continue
        half = packet("invite", number, plan.stranger)
        junk = random.Random(number).randbytes(200 + number % 3000)
        with suppress(OSError):
            opened.sendall(
                (junk, half[: len(half) // 2], half.replace(b"Length: ", b"Length: 9"))[number % 3]
            )
            outcome.sent += 1
        if number % 5 == 0:
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            opened.close()
        else:
            held.append(opened)
        if len(held) > MOST_CONNECTIONS:
            held.pop(0).close()
    for each in held:
        each.close()


def tcp_held(plan: Plan, outcome: Outcome) -> None:
    """Connections that are held: some say nothing, some a byte now and then."""
    opened: list[socket.socket] = []
    for _ in range(MOST_CONNECTIONS):
        another = connected(plan)
        if another is None:  # no more are taken of one address
            break
        opened.append(another)
    outcome.sent = len(opened)
    text = packet("options", 1, plan.stranger)
    for number in paced(plan.seconds, 20):
        at = number % len(text)
        for each in opened[::2]:
            with suppress(OSError):
                each.send(text[at : at + 1])
    for each in opened:
        each.close()


def torture(plan: Plan, outcome: Outcome) -> None:
    """The messages of RFC 4475, by UDP and TCP, from who may call and who may not."""
    _messages(plan, outcome, (*VALID, *INVALID, *BEYOND))


def offers(plan: Plan, outcome: Outcome) -> None:
    """Calls whose SDP makes no sense, to a number that is there."""
    start = f"INVITE sip:{plan.refusing}@127.0.0.1:{plan.port} SIP/2.0"
    made = (offer(name, body, answers) for name, (body, answers) in SDPS.items())
    _messages(
        plan,
        outcome,
        tuple(replace(each, text=start + each.text[each.text.index("\r\n") :]) for each in made),
    )


def _messages(plan: Plan, outcome: Outcome, messages: tuple[Torture, ...]) -> None:
    ears = {host: Ear(plan, host) for host in (plan.stranger, plan.friend)}
    ways = [(host, way) for host in ears for way in ("udp", "tcp")]
    for number in paced(plan.seconds, plan.per_s / 4, least=len(messages) * len(ways)):
        host, way = ways[number % len(ways)]
        message = messages[number // len(ways) % len(messages)]
        again = f"torture{number}"  # another transaction each time
        text = message.text.replace("z9hG4bK", f"z9hG4bK{again}").replace(".torture@", f".{again}@")
        data = text.replace("HERE", ears[host].address).encode("latin-1")
        if way == "tcp":
            opened = connected(plan, host)
            if opened is not None:
                with suppress(OSError):
                    opened.sendall(data.replace(b"/UDP", b"/TCP"))
                opened.close()
        elif len(data) <= NOT_IN_ONE_PACKET or message.only_over != "tcp":
            ears[host].send(data)
        outcome.sent += 1
    close_all(ears.values(), outcome)


def audio(plan: Plan, outcome: Outcome) -> None:
    """RTP into each call, from each of two hosts: sound, keys, and reports that make no sense."""
    mouths = [_mouth(host) for host in (plan.stranger, plan.friend)]
    for number in paced(plan.seconds, PACKETS_PER_S):
        head = struct.pack("!HII", number & 0xFFFF, 160 * number, 0x0BADCAFE)
        key = struct.pack("!BBH", POUND, 0x80 | 10, 160 * (number % 5))
        for host, port in (victim.rtp for victim in plan.victims):
            for mouth in mouths:
                mouth.sendto(b"\x80\x00" + head + bytes(range(160)), (host, port))
                mouth.sendto(bytes((0x80, TELEPHONE_EVENT)) + head + key, (host, port))
                mouth.sendto(b"\x80\xc8\x00\x06" + bytes(24), (host, port + 1))
                outcome.sent += 3
    time.sleep(0.05)
    for host, mouth in zip((plan.stranger, plan.friend), mouths, strict=True):
        with suppress(BlockingIOError):
            while True:
                came = mouth.recv(2000)
                # Our reports go where reports of the far end's host come from; they hold figures and no sound.
                if host == plan.stranger or came[1] not in REPORTS:
                    outcome.taken.append(f"{len(came)} bytes of audio were sent to a stranger")
        mouth.close()


def _mouth(host: str) -> socket.socket:
    mouth = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    mouth.bind((host, 0))
    mouth.setblocking(False)
    return mouth


Attack = Callable[[Plan, Outcome], None]
ATTACKS: dict[str, Attack] = {
    **dict.fromkeys(KINDS, flooding),
    "tcp-garbage": tcp_garbage,
    "tcp-held": tcp_held,
    "torture": torture,
    "offers": offers,
    "forged": forged,
    "audio": audio,
    "guesses": guesses,
}


def main() -> None:
    """Carry out the plan that comes by standard input."""
    plan = Plan.read(sys.stdin.readline())
    say = partial(print, flush=True)
    for attack in plan.attacks:
        outcome = Outcome(attack)
        ATTACKS[attack](plan, outcome)
        say(outcome.json())


if __name__ == "__main__":
    main()
