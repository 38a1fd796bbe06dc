"""Who asks for more than a digest is answered the digest all the same, with real SIP, at calls and at registering."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
import pytest_asyncio
from hypothesis import given
from hypothesis import strategies as st

from offhook.call.errors import CallEnded
from offhook.call.trunks import SipTransport
from offhook.pjsua.accounts import PLAIN
from offhook.pjsua.challenges import readable_answer, readable_request
from offhook.pjsua.registration import RegistrarSaid, Wish
from offhook.testing.scripted_call import SOME_CALL
from tests.contract.worlds import RealWorld
from tests.sip.asking import Asking
from tests.sip.peer import Peer

SECRET = ("desk", "open sesame")
PATIENCE_S = 30
WWW, PROXY = "WWW-Authenticate", "Proxy-Authenticate"
BASIC = 'Basic realm="a, b"'
PLAIN_DIGEST = 'Digest realm="one", nonce="n1"'
WITH_QOP = 'Digest realm="one", nonce="n2", algorithm=SHA-256, qop="auth,auth-int", opaque="o"'
OTHER_REALM = 'Digest realm="two", nonce="n3", algorithm=MD5'
LONG_HASH = 'Digest realm="one", nonce="n4", algorithm=SHA-512-256, qop="auth"'
UNKNOWN_HASH = 'Digest realm="one", nonce="n5", algorithm=SHA3-256, qop="auth"'

CHALLENGES = {
    "basic, digest": (f"{WWW}: {BASIC}", f"{WWW}: {PLAIN_DIGEST}"),
    "digest, basic": (f"{WWW}: {WITH_QOP}", f"{WWW}: {BASIC}"),
    "others": (f"{WWW}: Negotiate", f"{WWW}: Bearer authz_server=\"https://a.example\"", f"{WWW}:\r\n {WITH_QOP}"),
    "one header": (f"{WWW}: {BASIC}, {WITH_QOP}",),
    "two realms": (f"{WWW}: {PLAIN_DIGEST}", f"{WWW}: {OTHER_REALM}"),
    "two realms, basic": (f"{WWW}: {BASIC}", f"{WWW}: {WITH_QOP}", f"{WWW}: {OTHER_REALM}"),
    "long hash, MD5": (f"{WWW}: {LONG_HASH}", f"{WWW}: {PLAIN_DIGEST}"),
    "long hash, MD5, one nonce": (f"{WWW}: {LONG_HASH}", f"{WWW}: {PLAIN_DIGEST.replace('n1', 'n4')}"),
    "unknown hash, MD5": (f"{WWW}: {UNKNOWN_HASH}", f"{WWW}: {PLAIN_DIGEST}"),
    "unknown hash and MD5 in one": (f"{WWW}: {UNKNOWN_HASH}, {PLAIN_DIGEST}",),
}  # fmt: skip

Ask = Callable[..., Awaitable[Asking]]


@pytest_asyncio.fixture
async def world() -> AsyncIterator[RealWorld]:
    world = RealWorld(transports=(SipTransport.UDP, SipTransport.TCP))
    await world.start()
    yield world
    await world.close()


@pytest_asyncio.fixture
async def ask() -> AsyncIterator[Ask]:
    begun: list[Asking] = []

    async def begin(*challenges: str, status: int = 401) -> Asking:
        begun.append(await Asking.begin(SECRET, *challenges, status=status))
        return begun[-1]

    yield begin
    for asking in begun:
        await asking.close()


async def register(world: RealWorld, asking: Asking, transport: str = "udp") -> RegistrarSaid:
    """What the registrar says in the end."""
    engine, told = world.switchboard.engine, asyncio.Queue[RegistrarSaid]()
    engine.on_registrar = lambda _key, said: told.put_nowait(said)
    at = f"127.0.0.1:{asking.port}"
    wish = Wish(
        registrar=f"sip:{at};transport={transport}",
        address=f"sip:desk@{at}",
        username=SECRET[0],
        password=SECRET[1],
        kind=PLAIN,
    )
    key = f"{asking.port}.{transport}"
    await engine.submit(lambda: engine.registrations.begin(key, wish))
    try:
        await engine.submit(lambda: engine.registrations.send(key))
        return await asyncio.wait_for(told.get(), PATIENCE_S)
    finally:
        await engine.submit(lambda: engine.registrations.end(key, 0.0, says_so=False))


@pytest.mark.sip
async def test_a_registrar_is_answered_its_digest_whatever_else_it_asks(world: RealWorld, ask: Ask) -> None:
    for name, challenges in CHALLENGES.items():
        asking = await ask(*challenges)
        said = await register(world, asking)
        assert (name, said.status) == (name, 200)
        assert [bool(each.get("Authorization")) for each in asking.requests[:2]] == [False, True]


@pytest.mark.sip
async def test_it_is_so_on_a_connection_too(world: RealWorld, ask: Ask) -> None:
    asking = await ask(*CHALLENGES["basic, digest"])
    for _ in range(2):  # what comes after an answer that was taken up is read as ever
        assert (await register(world, asking, "tcp")).status == 200


@pytest.mark.sip
async def test_a_registrar_that_wants_a_password_in_clear_is_told_none(world: RealWorld, ask: Ask) -> None:
    asking = await ask(f"{WWW}: {BASIC}")
    assert (await register(world, asking)).status == 401
    [request] = asking.requests
    assert not request.get("Authorization")


@pytest.mark.sip
async def test_a_call_is_answered_its_digest_too(world: RealWorld, ask: Ask) -> None:
    asking = await ask(f"{PROXY}: {BASIC}", f"{PROXY}: {WITH_QOP}", f"{PROXY}: {OTHER_REALM}", status=407)
    leg = await world.switchboard.dial(SOME_CALL, f"sip:100@127.0.0.1:{asking.port}", {}, credentials=SECRET)
    with pytest.raises(CallEnded) as ended:
        async with leg.alive(), asyncio.timeout(PATIENCE_S):
            await leg.connected()
    assert ended.value.ending.sip_status == 486
    assert [bool(each.get("Proxy-Authorization")) for each in asking.requests] == [False, True]


@pytest.mark.sip
@pytest.mark.parametrize("shown", ["Basic ZGVzazpvcGVu", "NoOneKnowsThisScheme opaque-data=here"])
async def test_who_shows_something_else_than_a_digest_is_heard(world: RealWorld, shown: str) -> None:
    caller = await Peer.open()
    headers = (f"Authorization: {shown}", f"Proxy-Authorization: {shown}")
    inviting = asyncio.create_task(
        caller.invite("1000", world.switchboard.engine.sip_port, headers=headers, until=100)
    )
    leg = await asyncio.wait_for(world.arrived.get(), PATIENCE_S)
    await leg.hang_up()
    await inviting
    await caller.close()


@pytest.mark.parametrize(
    ("shown", "left"),
    [
        ("Authorization: Digest realm=x\r\n", None),
        ("Authorization :\r\n  digest realm=x\r\n", None),
        ("Authorization: Basic abc\r\n", ""),
        ("proxy-authorization:Bearer\r\n\tabc\r\nAuthorization: Digest a=b\r\n", "Authorization: Digest a=b\r\n"),
        ("Subject: Authorization: Basic abc\r\n", None),
    ],
)  # fmt: skip
def test_what_is_left_of_a_request(shown: str, left: str | None) -> None:
    head, tail = "INVITE sip:a@b SIP/2.0\r\nCSeq: 1 INVITE\r\n", "\r\nAuthorization: Basic of-the-body\r\n"
    request = f"{head}{shown}{tail}".encode()
    text = readable_request(request)
    assert text is request if left is None else text == f"{head}{left}{tail}".encode()


HEAD, TAIL = "SIP/2.0 401 Said\r\nCSeq: 1 REGISTER\r\n", "Content-Length: 4\r\n\r\nbody"


@pytest.mark.parametrize(
    ("asked", "left"),
    [
        (f"{WWW}: {PLAIN_DIGEST}\r\n", None),
        (f"{WWW}: {WITH_QOP}\r\n{PROXY}: {OTHER_REALM}\r\n", None),
        (f"{WWW}: {BASIC}\r\n", ""),
        (f"{WWW.lower()}:  {BASIC}\r\n{PROXY}: {OTHER_REALM}\r\n", f"{PROXY}: {OTHER_REALM}\r\n"),
        (f"{WWW}: Negotiate, Basic realm = \"x\",\r\n\t{PLAIN_DIGEST}\r\n", f"{WWW}: {PLAIN_DIGEST}\r\n"),
        (f"{WWW}: {UNKNOWN_HASH}, {PLAIN_DIGEST}\r\n", f"{WWW}: {PLAIN_DIGEST}\r\n"),
        # Two headers have no room where one was: the first challenge stays.
        (f"{WWW}: {WITH_QOP}, {OTHER_REALM}\r\n", f"{WWW}: {WITH_QOP}\r\n"),
    ],
)  # fmt: skip
def test_what_is_left_of_an_answer(asked: str, left: str | None) -> None:
    answer = f"{HEAD}{asked}{TAIL}".encode()
    text = readable_answer(answer)
    if left is None:
        assert text is answer
    else:
        before_body = TAIL.partition("\r\n")
        assert text.decode() == f"{HEAD}{before_body[0]}\r\n{left}\r\nbody"
        assert len(text) < len(answer)


@pytest.mark.parametrize(
    "value", [f"a{' ' * 60_000}=", f"a{' ' * 60_000} =x", "Digest," * 9000, "Digest a," * 7000]
)
def test_endless_challenges_are_read_in_no_time(value: str) -> None:
    began = time.process_time()
    readable_answer(f"{HEAD}{WWW}: {value}\r\n{TAIL}".encode())
    assert time.process_time() - began < 1.0


PIECES = (
    *(b"WWW-Authenticate:", b"Proxy-Authorization: ", b"Authorization:", b"Digest ", b"Basic a", b'"', b",", b"="),
    *(b"\r\n", b"\n", b"\r", b" ", b"\t", b"\\", b"algorithm=md5", b"nonce=x", b"\0", b"\xff", b"S: x", b"\r\n\r\n"),
)  # fmt: skip


@given(st.lists(st.sampled_from(PIECES)))
def test_whatever_came_gets_shorter_or_stays_and_is_not_taken_up_again(pieces: list[bytes]) -> None:
    for begin, read in ((b"SIP/2.0 401 A\r\n", readable_answer), (b"INVITE a\r\n", readable_request)):
        came = begin + b"".join(pieces)
        text = read(came)
        assert text is came or len(text) < len(came)
        assert text.startswith(begin.rstrip())
        assert read(text) is text, "the library shows it again if that is no message either"
