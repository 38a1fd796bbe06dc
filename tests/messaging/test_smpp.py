"""The carrier over SMPP, against a centre on loopback."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest

from offhook.call.errors import RecordsAway
from offhook.call.messages import (
    UNDELIVERABLE,
    UNKNOWN_DESTINATION,
    ArrivedMessage,
    MessageStatus,
    Receipt,
)
from offhook.messaging import smpp
from offhook.messaging.port import Inbox, SendingFailed
from offhook.messaging.smpp import SmppMessages
from offhook.messaging.smpp_link import Centre as Address
from tests.messaging.centre import INVALID_DESTINATION, OK, THROTTLED, Centre, centre
from tests.messaging.some import message

RECEIPT = 0x04
TEMPORARY_FAULT = 0x64


@dataclass
class Letterbox:
    """Keeps what a carrier hands over."""

    arrived: list[ArrivedMessage] = field(default_factory=list)
    receipts: list[Receipt] = field(default_factory=list)
    known: bool = True
    is_away: bool = False

    async def arrive(self, message: ArrivedMessage) -> bool:
        if self.is_away:
            raise RecordsAway("gone")
        self.arrived.append(message)
        return self.known

    async def receive(self, receipt: Receipt) -> bool:
        self.receipts.append(receipt)
        return True


@asynccontextmanager
async def bound(
    running: Centre, letterbox: Letterbox | None = None, *, password: str = "secret", enquire_s: float = 20.0
) -> AsyncIterator[SmppMessages]:
    """A block in which a carrier is connected."""
    box = letterbox or Letterbox()
    address = Address(host="127.0.0.1", port=running.port, system_id="offhook", password=password)
    carrier = SmppMessages(address, enquire_s=enquire_s)
    keeping = asyncio.create_task(carrier.run(Inbox(arrive=box.arrive, receive=box.receive)))
    try:
        await running.has(lambda centre: centre.binds > 0)
        yield carrier
    finally:
        keeping.cancel()
        await asyncio.wait([keeping])


async def test_a_message_is_submitted_with_its_addresses_and_a_receipt_asked_for() -> None:
    async with centre() as running, bound(running) as carrier:
        sent = await carrier.send(message(body="grüße"))
        [got] = running.submitted
        assert sent.reference == "A1"
        assert (got.source, got.source_ton) == ("15551234567", 1)
        assert (got.destination, got.destination_ton) == ("15557654321", 1)
        assert (got.registered, got.data_coding, got.text) == (1, 0, b"gr\x7e\x1ee")


@pytest.mark.parametrize(("sender", "ton"), [("Offhook", 5), ("12345", 3)])
async def test_names_and_short_codes_have_a_type_of_their_own(sender: str, ton: int) -> None:
    async with centre() as running, bound(running) as carrier:
        await carrier.send(message(from_=sender))
        assert (running.submitted[0].source, running.submitted[0].source_ton) == (sender, ton)


async def test_a_long_message_goes_in_parts_and_only_the_last_asks_for_a_receipt() -> None:
    async with centre() as running, bound(running) as carrier:
        sent = await carrier.send(message(body="ж" * 150))
        assert [(part.esm_class, part.registered) for part in running.submitted] == [
            (0x40, 0),
            (0x40, 0),
            (0x40, 1),
        ]
        text = b"".join(part.text[6:] for part in running.submitted).decode("utf-16-be")
        assert (text, sent.reference) == ("ж" * 150, "A3")


@pytest.mark.parametrize(
    ("status", "retryable", "code"),
    [(THROTTLED, True, 30008), (INVALID_DESTINATION, False, UNKNOWN_DESTINATION), (0x0A, False, 30008)],
)
async def test_a_refusal_says_whether_to_try_again(status: int, retryable: bool, code: int) -> None:
    async with centre() as running, bound(running) as carrier:
        running.statuses = [status]
        with pytest.raises(SendingFailed, match=f"0x{status:02x}") as failed:
            await carrier.send(message())
        assert (failed.value.retryable, failed.value.code) == (retryable, code)
        assert (await carrier.send(message())).reference == "A1"


async def test_without_a_link_a_message_waits_for_another_try(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(smpp, "WAIT_FOR_LINK_S", 0.05)
    async with centre() as running, bound(running, password="wrong") as carrier:
        with pytest.raises(SendingFailed, match="no connection") as failed:
            await carrier.send(message())
        assert failed.value.retryable


async def test_a_broken_link_is_made_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(smpp, "FIRST_PAUSE_S", 0.02)
    async with centre() as running, bound(running) as carrier:
        await carrier.send(message())
        running.hang_up()
        await running.has(lambda centre: centre.binds == 2)
        assert (await carrier.send(message())).reference == "A2"


async def test_a_link_that_breaks_while_a_message_is_submitted_fails_it_for_now() -> None:
    async with centre() as running, bound(running) as carrier:
        await carrier.send(message())
        running.is_silent = True
        sending = asyncio.create_task(carrier.send(message()))
        await asyncio.sleep(0)
        running.hang_up()
        with pytest.raises(SendingFailed) as failed:
            await sending
        assert failed.value.retryable


async def test_a_quiet_link_is_asked_whether_it_is_there() -> None:
    async with centre() as running, bound(running, enquire_s=0.02):
        await running.has(lambda centre: centre.enquiries > 1)


@pytest.mark.parametrize(
    ("text", "tags", "status", "reference"),
    [
        (b"id:A1 sub:001 dlvrd:001 stat:DELIVRD err:000 text:hello", b"", MessageStatus.DELIVERED, "A1"),
        (b"id:A1 sub:001 dlvrd:000 stat:UNDELIV err:11a text:", b"", MessageStatus.UNDELIVERED, "A1"),
        (b"", b"\x00\x1e\x00\x03A1\0\x04\x27\x00\x01\x02", MessageStatus.DELIVERED, "A1"),
    ],
)
async def test_a_receipt_is_read(text: bytes, tags: bytes, status: MessageStatus, reference: str) -> None:
    box = Letterbox()
    async with centre() as running, bound(running, box):
        assert await running.deliver(text, esm_class=RECEIPT, tags=tags) == OK
        [receipt] = box.receipts
        assert (receipt.status, receipt.references[0]) == (status, reference)
        assert (receipt.error_code == UNDELIVERABLE) is (status is MessageStatus.UNDELIVERED)


async def test_a_receipt_in_decimal_finds_a_message_named_in_hexadecimal() -> None:
    box = Letterbox()
    async with centre() as running, bound(running, box):
        await running.deliver(b"id:161 stat:DELIVRD", esm_class=RECEIPT)
        assert {"161", "a1", "A1"} <= set(box.receipts[0].references)


async def test_a_receipt_that_is_not_the_last_word_changes_nothing() -> None:
    box = Letterbox()
    async with centre() as running, bound(running, box):
        assert await running.deliver(b"id:A1 stat:ENROUTE", esm_class=RECEIPT) == OK
        assert box.receipts == []


async def test_a_message_comes_in() -> None:
    box = Letterbox()
    async with centre() as running, bound(running, box):
        assert await running.deliver(b"Gr\x7e\x1ee \x1be5") == OK
        [arrived] = box.arrived
        assert (arrived.from_, arrived.to, arrived.body) == ("+15557654321", "+15551234567", "Grüße €5")


async def test_the_parts_of_a_long_message_come_in_as_one_in_whatever_order() -> None:
    box = Letterbox()
    async with centre() as running, bound(running, box):
        second, first = "welt".encode("utf-16-be"), "hallo ".encode("utf-16-be")
        await running.deliver(b"\x05\x00\x03\x09\x02\x02" + second, esm_class=0x40, data_coding=8)
        assert box.arrived == []
        await running.deliver(b"\x05\x00\x03\x09\x02\x01" + first, esm_class=0x40, data_coding=8)
        assert [arrived.body for arrived in box.arrived] == ["hallo welt"]


async def test_a_centre_keeps_what_cannot_be_written_and_hears_of_numbers_that_nobody_has() -> None:
    box = Letterbox(is_away=True)
    async with centre() as running, bound(running, box):
        assert await running.deliver(b"hello") == TEMPORARY_FAULT
        box.is_away, box.known = False, False
        assert await running.deliver(b"hello") == INVALID_DESTINATION


async def test_what_is_no_unit_ends_the_link_and_not_the_carrier(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(smpp, "FIRST_PAUSE_S", 0.02)
    async with centre() as running, bound(running) as carrier:
        await carrier.send(message())
        running.writers[-1].write(b"\xff" * 64)
        await running.has(lambda centre: centre.binds == 2)
        assert (await carrier.send(message())).reference == "A2"


async def test_a_message_on_another_channel_is_refused_for_good() -> None:
    async with centre() as running, bound(running) as carrier:
        with pytest.raises(SendingFailed, match="plain text") as failed:
            await carrier.send(message(channel="mms", media=("http://app.example/cat.png",)))
        assert not failed.value.retryable
