"""Guessing at passwords of phones, as scanners do: names that there are and names that there are not, again and again."""

import hashlib
import random
import re

from tests.chaos.hostile.plan import Outcome, Plan, paced
from tests.chaos.hostile.wire import Ear

PER_S = 100


def guesses(plan: Plan, outcome: Outcome) -> None:
    """REGISTER and INVITE with wrong passwords."""
    ear = Ear(plan, plan.stranger)
    nonces: dict[str, str] = {}
    for number in paced(plan.seconds, PER_S):
        name = (plan.login, "nobody", "100", "admin")[number % 4]
        method = ("REGISTER", "INVITE")[number // 4 % 2]
        ear.send(_request(plan, ear.address, method, name, number, nonces.get(method, "")).encode())
        outcome.sent += 1
        for message in ear.heard[-3:]:
            if message.status in (401, 407):
                asked = message.get("WWW-Authenticate") or message.get("Proxy-Authenticate")
                nonces[message.get("CSeq").split(" ")[-1]] = re.findall(r'nonce="([^"]*)"', asked)[0]
    ear.listen(0.2)
    outcome.taken += [f"a guess was answered {each.status}" for each in ear.heard if 200 <= each.status < 300]
    ear.close(outcome)


def _request(plan: Plan, here: str, method: str, name: str, number: int, nonce: str) -> str:
    registrar = f"sip:127.0.0.1:{plan.port}"
    uri = registrar if method == "REGISTER" else f"sip:1000@127.0.0.1:{plan.port}"
    credentials = []
    if nonce:
        parts = (f"{name}:offhook:guess{number}", f"{method}:{uri}")
        halves = [hashlib.md5(part.encode(), usedforsecurity=False).hexdigest() for part in parts]
        words = f"{halves[0]}:{nonce}:00000001:{number:08x}:auth:{halves[1]}"
        response = hashlib.md5(words.encode(), usedforsecurity=False).hexdigest()
        header = "Authorization" if method == "REGISTER" else "Proxy-Authorization"
        credentials.append(
            f'{header}: Digest username="{name}", realm="offhook", nonce="{nonce}", uri="{uri}", qop=auth, '
            f'nc=00000001, cnonce="{number:08x}", algorithm=MD5, response="{response}"'
        )
    own = f"<sip:{name}@127.0.0.1:{plan.port}>"
    return "\r\n".join(
        [
            f"{method} {uri} SIP/2.0",
            f"Via: SIP/2.0/UDP {here};rport;branch=z9hG4bK-guess-{number}-{random.random()}",
            f"From: {own};tag=g{number}",
            f"To: {own if method == 'REGISTER' else f'<{uri}>'}",
            f"Call-ID: guess-{number}-{here}",
            f"CSeq: 1 {method}",
            f"Contact: <sip:{name}@{here}>",
            "Max-Forwards: 70",
            *credentials,
            "Content-Length: 0",
            "",
            "",
        ]
    )
