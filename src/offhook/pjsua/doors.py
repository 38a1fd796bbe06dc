"""All that looks at SIP messages before or after the library does, in the order in which messages meet it.

| | priority | sees |
|---|---|---|
| `front_door` | 11 | each request: what strangers send, what contradicts itself, what asks for too much |
| `refer_door` | 12 | REFERs of our calls, which the application answers |
| `answer_door` | 13 | answers to what we send |
| `way_out` | 13 | what the library is about to answer to a new call |
| `dialog_door` | 24 | requests that are no repetitions: is the call theirs that they name? |
| `asking_door` | 25 | requests of a call that ask for nothing but an answer |
| `last_door` | 96 | requests that nobody took |

`challenge_door` comes before them all: it sees messages that the library cannot read, and would show to none of them.
"""

from collections.abc import Callable

from offhook.pjsua.answer_door import AnswerDoor
from offhook.pjsua.asking_door import AskingDoor, Keyed
from offhook.pjsua.challenge_door import ChallengeDoor
from offhook.pjsua.contact_door import ContactDoor
from offhook.pjsua.dialog_door import DialogDoor
from offhook.pjsua.front_door import FrontDoor
from offhook.pjsua.last_door import LastDoor
from offhook.pjsua.refer_door import Decide, ReferDoor
from offhook.pjsua.way_out import WayOut


class Doors:
    """Those of one engine. They have to be kept until the library is destroyed; all belongs to the owner thread."""

    def __init__(
        self,
        front: FrontDoor,
        packet_bytes: int | None,
        *,
        has_call: Callable[[str], bool],
        contacts: ContactDoor,
        answered_elsewhere: Callable[[str], None],
        referred: Decide,
        keyed: Keyed,
    ) -> None:
        """`packet_bytes` is PJSIP_MAX_PKT_LEN, where the build tells it; the others are asked by Call-ID, or of a REFER."""
        self._front = front
        self._refer = ReferDoor(referred)
        self._challenge = ChallengeDoor()
        self._answer = AnswerDoor(answered_elsewhere, packet_bytes, contacts=contacts)
        self._way_out = WayOut(packet_bytes)
        self._dialog = DialogDoor(has_call, packet_bytes)
        self._asking = AskingDoor(keyed, packet_bytes)
        self._last = LastDoor(packet_bytes)

    def open(self, contact: str) -> None:
        """Have messages shown from now on; the library is initialised. `contact` is our URI, in answers."""
        for door in (self._last, self._way_out, self._front, self._dialog, self._answer, self._asking):
            door.open()
        self._refer.open(contact)
        self._challenge.open()

    def polled(self) -> None:
        """The library has dealt with what came."""
        self._way_out.polled()
