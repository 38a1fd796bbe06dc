"""What a trunk says when it is asked, over UDP and TCP, and how a password is proven."""

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from offhook.call.trunks import SipTransport, Trunk
from offhook.trunking.digest import ChallengeUnknown, answer, best_challenge, read_challenge
from offhook.trunking.probe import NoAnswer, ask_options, ask_registration
from tests.sip.asking import Asking
from tests.sip.carrier import Carrier, Resetting

SECRET = ("desk", "open sesame")


def trunk(port: int, host: str = "127.0.0.1", **more: object) -> Trunk:
    return Trunk(sid="TK1", name="a", host=host, port=port, **more)  # type: ignore[arg-type]


@pytest_asyncio.fixture
async def carrier() -> AsyncIterator[Carrier]:
    begun = await Carrier.begin(200, secret=SECRET)
    yield begun
    await begun.close()


async def test_one_that_lives_answers(carrier: Carrier) -> None:
    assert (await ask_options(trunk(carrier.port))).words == "200 OK"


async def test_the_right_password_is_taken_without_registering_anything(carrier: Carrier) -> None:
    known = trunk(carrier.port, username=SECRET[0], password=SECRET[1])
    assert (await ask_registration(known)).status == 200
    assert carrier.contacts == [""]
    wrong = trunk(carrier.port, username=SECRET[0], password="wrong")
    assert (await ask_registration(wrong)).status == 403
    assert (await ask_registration(trunk(carrier.port))).status == 401


async def test_silence_a_closed_port_and_an_unknown_name_are_told_apart() -> None:
    silent = await Carrier.begin()
    with pytest.raises(NoAnswer, match=r"did not answer OPTIONS within 0\.3 s"):
        await ask_options(trunk(silent.port), patience_s=0.3)
    port = silent.port
    await silent.close()
    await asyncio.sleep(0)
    with pytest.raises(NoAnswer, match="refused"):
        await ask_options(trunk(port))
    with pytest.raises(NoAnswer, match=r"could not be reached: .*not known"):
        await ask_options(trunk(5060, host="carrier.invalid"))


async def test_over_tcp_an_answer_may_come_in_pieces_and_after_a_100() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = (await reader.readuntil(b"\r\n\r\n")).decode()
        kept = [
            line
            for line in request.split("\r\n")
            if line.startswith(("Via", "From", "To", "Call-ID", "CSeq"))
        ]
        for start in ("SIP/2.0 100 Trying", "SIP/2.0 503 Busy Now"):
            text = "\r\n".join([start, *kept, "Content-Length: 3", "", "abc"]).encode()
            for piece in (text[:40], text[40:]):
                writer.write(piece)
                await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    assert (await ask_options(trunk(port, transport=SipTransport.TCP))).words == "503 Busy Now"
    server.close()


@pytest.mark.parametrize(
    ("start", "length", "said"),
    [
        ("SIP/2.0 200 OK", "99", "it hung up"),
        ("SIP/2.0 200 OK", "\N{SUPERSCRIPT TWO}", None),
        ("SIP/2.0 200 OK", "9" * 5000, None),
        (f"SIP/2.0 {'9' * 5000} OK", "0", "it hung up"),
    ],
    ids=["cut short", "no number", "a long one", "no status"],
)
async def test_an_answer_that_is_none_says_so_and_ends_nothing(
    start: str, length: str, said: str | None
) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = (await reader.readuntil(b"\r\n\r\n")).decode()
        kept = [line for line in request.split("\r\n") if line.startswith(("Call-ID", "CSeq"))]
        writer.write("\r\n".join([start, *kept, f"Content-Length: {length}", "", "abc"]).encode())
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    asked = trunk(server.sockets[0].getsockname()[1], transport=SipTransport.TCP)
    if said is None:
        assert (await ask_options(asked)).status == 200
    else:
        with pytest.raises(NoAnswer, match=said):
            await ask_options(asked)
    server.close()


async def test_a_connection_that_is_reset_and_one_without_tls_say_what_happened() -> None:
    server = await asyncio.get_running_loop().create_server(Resetting, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    for transport in (SipTransport.TCP, SipTransport.TLS):
        with pytest.raises(NoAnswer, match="could not be reached"):
            await ask_options(trunk(port, transport=transport))
    server.close()


def test_a_password_is_proven_as_rfc_7616_shows() -> None:
    asked = 'Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm={}, nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"'
    given = {"method": "GET", "uri": "/dir/index.html", "username": "Mufasa", "password": "Circle of Life"}
    nonce = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ"
    expected = {
        "MD5": "8ca523f5e9506fed4657c9700eebdbec",
        "SHA-256": "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1",
    }
    for algorithm, response in expected.items():
        made = answer(read_challenge(asked.format(algorithm)), client_nonce=nonce, **given)
        assert f'response="{response}"' in made
        assert "nc=00000001" in made


def test_the_better_of_two_challenges_is_answered_and_an_unknown_one_named() -> None:
    weak, strong = 'Digest realm="a", nonce="1"', 'Digest realm="a", nonce="2", algorithm=SHA-256'
    assert best_challenge((weak, strong))["nonce"] == "2"
    assert best_challenge(("Basic realm=a", weak))["nonce"] == "1"
    with pytest.raises(ChallengeUnknown, match="SHA3-256"):
        best_challenge(('Digest realm="a", nonce="3", algorithm=SHA3-256',))


@pytest.mark.parametrize(
    "challenges",
    [
        ('Basic realm="a"', 'Digest realm="one", nonce="n"'),
        ('\r\n Digest realm="one", nonce="n",\r\n\tqop="auth"',),
        ('Digest realm="one", nonce="n", algorithm=SHA-512-256, qop="auth"',),
        ('Digest realm="one", nonce="n", algorithm=SHA3-256', 'Digest realm="one", nonce="m", algorithm=MD5'),
        ('Digest realm="one", nonce="n"', 'Digest realm="two", nonce="m", algorithm=SHA-256'),
    ],
    ids=["basic", "folded", "long hash", "unknown hash", "two realms"],
)
async def test_the_digest_is_answered_whatever_else_is_asked(challenges: tuple[str, ...]) -> None:
    asking = await Asking.begin(SECRET, *(f"WWW-Authenticate: {each}" for each in challenges))
    try:
        said = await ask_registration(trunk(asking.port, username=SECRET[0], password=SECRET[1]))
    finally:
        await asking.close()
    assert said.status == 200
