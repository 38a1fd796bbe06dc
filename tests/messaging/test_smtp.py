"""The carrier of e-mails, against a mail server on loopback."""

import asyncio
import email
import email.policy
from collections.abc import AsyncIterator, Awaitable, Callable
from email.message import EmailMessage
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session

from offhook.messaging.port import SendingFailed
from offhook.messaging.smtp import SmtpEmails, Tls
from tests.messaging.some import email as some_email


class Mailroom:
    """What a mail server does with e-mails: it keeps them, or answers as it is told."""

    def __init__(self) -> None:
        self.envelopes: list[Envelope] = []
        self.refusals: dict[str, str] = {}
        """The answer to each recipient that is refused."""
        self.answer = "250 OK"

    async def handle_RCPT(
        self, _server: Any, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        if address in self.refusals:
            return self.refusals[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: Any, _session: Session, envelope: Envelope) -> str:
        if self.answer.startswith("250"):
            self.envelopes.append(envelope)
        return self.answer

    def only(self) -> tuple[Envelope, EmailMessage]:
        """The one e-mail that came, and what is in it."""
        [envelope] = self.envelopes
        content = envelope.original_content
        assert content is not None
        parsed = email.message_from_bytes(content, policy=email.policy.default)
        assert isinstance(parsed, EmailMessage)
        return envelope, parsed


class Desk(SMTP):
    """One connection to the mail server."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.is_over = asyncio.Event()

    def connection_lost(self, error: Exception | None) -> None:
        super().connection_lost(error)
        self.is_over.set()


Start = Callable[..., Awaitable[SmtpEmails]]


@pytest.fixture
def mailroom() -> Mailroom:
    return Mailroom()


@pytest.fixture
async def start(mailroom: Mailroom) -> AsyncIterator[Start]:
    """Starts a mail server, and returns the carrier that goes there."""
    running: list[asyncio.Server] = []
    desks: list[Desk] = []

    async def begin(
        *, sender: str | None = None, password: str | None = None, tls: Tls = "none", **server: Any
    ) -> SmtpEmails:
        loop = asyncio.get_running_loop()

        def open_desk() -> Desk:
            desks.append(Desk(mailroom, hostname="mail.test", loop=loop, **server))
            return desks[-1]

        running.append(await loop.create_server(open_desk, "127.0.0.1", 0))
        port = running[-1].sockets[0].getsockname()[1]
        user = "ada" if password else None
        return SmtpEmails(
            "127.0.0.1", port, tls=tls, user=user, password=password, sender=sender, timeout_s=20
        )

    yield begin
    for server in running:
        server.close()
    async with asyncio.timeout(20):
        for desk in desks:
            await desk.is_over.wait()


async def test_an_email_arrives_whole(start: Start, mailroom: Mailroom) -> None:
    wanted = some_email(cc="Eve <eve@example.org>", bcc="zoe@example.org", subject="Grüße", body="a\n.\nß")
    assert await (await start()).send(wanted) == ""
    envelope, got = mailroom.only()
    assert envelope.mail_from == "ada@example.com"
    assert envelope.rcpt_tos == ["bob@example.org", "eve@example.org", "zoe@example.org"]
    assert (got["From"], got["To"], got["Cc"], got["Bcc"]) == (
        "Ada <ada@example.com>",
        "bob@example.org",
        "Eve <eve@example.org>",
        None,
    )
    assert (got["Subject"], got.get_content().replace("\r\n", "\n").strip()) == ("Grüße", "a\n.\nß")
    assert got["Message-ID"] == f"<{wanted.email_id}@example.com>"


async def test_html_is_marked_as_such(start: Start, mailroom: Mailroom) -> None:
    await (await start()).send(some_email(content_type="text/html", body="<b>hi</b>"))
    assert mailroom.only()[1].get_content_type() == "text/html"


async def test_all_come_from_the_operators_address_where_one_is_set(start: Start, mailroom: Mailroom) -> None:
    await (await start(sender="Line <line@voice.example>")).send(some_email())
    envelope, got = mailroom.only()
    assert envelope.mail_from == "line@voice.example"
    assert (got["From"], got["Reply-To"]) == ("Line <line@voice.example>", "Ada <ada@example.com>")


@pytest.mark.parametrize(("answer", "retryable"), [("451 try later", True), ("554 spam", False)])
async def test_a_refusal_says_whether_to_try_again(
    start: Start, mailroom: Mailroom, answer: str, retryable: bool
) -> None:
    mailroom.answer = answer
    with pytest.raises(SendingFailed, match=answer) as failed:
        await (await start()).send(some_email())
    assert (failed.value.retryable, failed.value.code) == (retryable, int(answer[:3]))


@pytest.mark.parametrize(("answer", "retryable"), [("450 busy", True), ("550 no such user", False)])
async def test_a_recipient_may_be_refused(
    start: Start, mailroom: Mailroom, answer: str, retryable: bool
) -> None:
    mailroom.refusals["bob@example.org"] = answer
    carrier = await start()
    with pytest.raises(SendingFailed, match=r"bob@example\.org") as failed:
        await carrier.send(some_email())
    assert failed.value.retryable is retryable
    assert "bob@example.org" in await carrier.send(some_email(cc="eve@example.org"))


async def test_signing_in(start: Start, mailroom: Mailroom) -> None:
    def authenticate(_server: Any, _session: Any, _envelope: Any, _mechanism: str, data: Any) -> AuthResult:
        return AuthResult(success=data.password == b"right", handled=False)

    options = {"authenticator": authenticate, "auth_require_tls": False}
    await (await start(password="right", **options)).send(some_email())
    assert len(mailroom.envelopes) == 1
    with pytest.raises(SendingFailed, match="535") as failed:
        await (await start(password="wrong", **options)).send(some_email())
    assert failed.value.retryable  # the operator can mend it


async def test_a_server_that_is_not_there_is_tried_again(unused_tcp_port: int) -> None:
    carrier = SmtpEmails("127.0.0.1", unused_tcp_port, tls="none", timeout_s=5)
    with pytest.raises(SendingFailed) as failed:
        await carrier.send(some_email())
    assert failed.value.retryable


async def test_encryption_that_is_wanted_and_not_offered_is_not_done_without(
    start: Start, mailroom: Mailroom
) -> None:
    wary = await start(tls="starttls")
    with pytest.raises(SendingFailed):
        await wary.send(some_email())
    assert mailroom.envelopes == []
