"""Messages through a message centre over SMPP 3.4: one transceiver, connected again whenever it breaks."""

import asyncio
import zlib

import structlog

from offhook.call.errors import RecordsAway
from offhook.call.messages import (
    UNKNOWN_DESTINATION,
    UNKNOWN_ERROR,
    ArrivedMessage,
    MessageRow,
    Receipt,
)
from offhook.messaging.port import Inbox, SendingFailed, Sent
from offhook.messaging.smpp_arriving import HAS_HEADER, NAME, Puzzle, is_receipt, receipt_of
from offhook.messaging.smpp_link import ENQUIRE_S, BindRefused, Centre, Link, LinkLost
from offhook.messaging.smpp_pdu import (
    Command,
    Malformed,
    ShortMessage,
    Status,
    Unit,
    decode_short_message,
    message_id_of,
)
from offhook.messaging.smpp_text import Parts, split
from offhook.verbs import SMS_CHANNEL

PASSING = (
    Status.SYSTEM_ERROR,
    Status.QUEUE_FULL,
    Status.SUBMIT_FAILED,
    Status.THROTTLED,
    Status.TEMPORARY_FAULT,
)
"""What a centre says that may take the message a little later."""
FIRST_PAUSE_S, LONGEST_PAUSE_S = 1.0, 30.0
WAIT_FOR_LINK_S = 5.0
"""How long a message waits for a link that is just being made."""
RECEIPT_TRIES, RECEIPT_PAUSE_S = 5, 1.0
"""A receipt may be quicker than the row that it tells of."""
WINDOW = 10
"""Messages that wait for their response at once."""
LOOK_S = 5.0
INTERNATIONAL, ALPHANUMERIC, NETWORK = 1, 5, 3
"""Types of number (5.2.5): with a country's code, a name, a short code."""
WANTS_RECEIPT = 1

log = structlog.get_logger()


class SmppMessages:
    """Fills `port.MessageProvider`."""

    name = NAME

    def __init__(self, centre: Centre, *, enquire_s: float = ENQUIRE_S) -> None:
        self._centre = centre
        self._enquire_s = enquire_s
        self._link: Link | None = None
        self._is_bound = asyncio.Event()
        self._window = asyncio.Semaphore(WINDOW)

    async def run(self, inbox: Inbox) -> None:
        """Keep a link to the centre, and hand over what comes in, until cancelled."""
        puzzle = Puzzle()
        pause_s = FIRST_PAUSE_S
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(_hand_on_overdue(puzzle, inbox))
            while True:
                was_bound, why = await self._live(inbox, puzzle)
                pause_s = FIRST_PAUSE_S if was_bound else min(2 * pause_s, LONGEST_PAUSE_S)
                log.warning("smpp.away", host=self._centre.host, why=why, again_in_s=pause_s)
                await asyncio.sleep(pause_s)

    async def send(self, message: MessageRow) -> Sent:
        """Submit a message, part by part; a receipt is asked for with the last. Raises SendingFailed."""
        if message.channel != SMS_CHANNEL or message.media:
            words = (
                f"this carrier sends plain text messages only, nothing on {message.channel!r} and no media"
            )
            raise SendingFailed(words, retryable=False, code=UNKNOWN_ERROR)
        try:
            reference = zlib.crc32(message.message_id.encode()) & 0xFF
            parts = split(message.body, reference, in_ucs2=message.encoding == "UCS-2")
            bodies = [_body(message, parts, number, part) for number, part in enumerate(parts.parts, 1)]
        except ValueError as fault:
            raise SendingFailed(
                f"the message cannot be written in SMPP: {fault}", retryable=False, code=UNKNOWN_ERROR
            ) from fault
        link, named = await self._bound_link(), None
        for body in bodies:
            named = await self._submit(link, body)
        return Sent(reference=named)

    async def _bound_link(self) -> Link:
        try:
            async with asyncio.timeout(WAIT_FOR_LINK_S):
                await self._is_bound.wait()
        except TimeoutError:
            pass
        if self._link is None or not self._is_bound.is_set():
            raise SendingFailed(
                "there is no connection to the message centre", retryable=True, code=UNKNOWN_ERROR
            )
        return self._link

    async def _submit(self, link: Link, body: bytes) -> str | None:
        try:
            async with self._window:
                answer = await link.ask(Command.SUBMIT_SM, body)
        except LinkLost as lost:
            raise SendingFailed(
                f"the message centre went away: {lost}", retryable=True, code=UNKNOWN_ERROR
            ) from lost
        if answer.status == Status.OK:
            return message_id_of(answer.body)
        is_nobody = answer.status == Status.INVALID_DESTINATION
        raise SendingFailed(
            f"the message centre refused with status 0x{answer.status:02x}",
            retryable=answer.status in PASSING,
            code=UNKNOWN_DESTINATION if is_nobody else UNKNOWN_ERROR,
        )

    async def _live(self, inbox: Inbox, puzzle: Puzzle) -> tuple[bool, str]:
        """One link from its beginning to its end; whether it was ever bound, and why it is over."""

        async def handle(unit: Unit) -> Status:
            return await _take(unit, inbox, puzzle)

        def bound() -> None:
            log.info("smpp.bound", host=self._centre.host, system_id=self._centre.system_id)
            self._is_bound.set()

        try:
            self._link = await Link.open(self._centre, handle, self._enquire_s)
            await self._link.run(self._centre, bound)
        except (LinkLost, BindRefused, OSError, TimeoutError, ValueError) as why:
            return self._is_bound.is_set(), str(why) or type(why).__name__
        finally:
            self._is_bound.clear()
            self._link = None
        return True, "the link ended"


def _body(message: MessageRow, parts: Parts, number: int, content: bytes) -> bytes:
    source, source_ton, source_npi = _address(message.from_)
    destination, destination_ton, destination_npi = _address(message.to)
    return ShortMessage(
        source=source,
        source_ton=source_ton,
        source_npi=source_npi,
        destination=destination,
        destination_ton=destination_ton,
        destination_npi=destination_npi,
        esm_class=HAS_HEADER if parts.have_header else 0,
        registered_delivery=WANTS_RECEIPT if number == len(parts.parts) else 0,
        data_coding=parts.data_coding,
        content=content,
    ).encode()


def _address(text: str) -> tuple[str, int, int]:
    """An address with its type of number and its numbering plan."""
    if text.startswith("+"):
        return text[1:], INTERNATIONAL, 1
    return (text, NETWORK, 1) if text.isdigit() else (text, ALPHANUMERIC, 0)


async def _take(unit: Unit, inbox: Inbox, puzzle: Puzzle) -> Status:
    """Hand over what a centre delivered; what it is answered with."""
    try:
        message = decode_short_message(unit.body)
        if is_receipt(message):
            receipt = receipt_of(message)
            if receipt is not None:
                await _receive(receipt, inbox)
            return Status.OK
        whole = puzzle.take(message)
        if whole is None or await inbox.arrive(whole):
            return Status.OK
    except Malformed as fault:
        log.warning("smpp.unreadable", why=str(fault))
        return Status.PERMANENT_FAULT
    except RecordsAway:
        return Status.TEMPORARY_FAULT
    log.warning("message.for_nobody", recipient=whole.to, provider=NAME)
    return Status.INVALID_DESTINATION


async def _receive(receipt: Receipt, inbox: Inbox) -> None:
    for left in reversed(range(RECEIPT_TRIES)):
        if await inbox.receive(receipt):
            return
        if left:
            await asyncio.sleep(RECEIPT_PAUSE_S)
    log.warning("receipt.for_no_message", references=receipt.references[:1], provider=NAME)


async def _hand_on_overdue(puzzle: Puzzle, inbox: Inbox) -> None:
    """Messages of which parts never came."""
    late: list[ArrivedMessage] = []
    while True:
        await asyncio.sleep(LOOK_S)
        late += puzzle.overdue()
        while late:
            try:
                await inbox.arrive(late[0])
            except RecordsAway:
                break
            late.pop(0)
