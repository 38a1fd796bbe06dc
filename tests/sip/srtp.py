"""Encrypted audio (SRTP, RFC 3711) with keys in SDP (SDES, RFC 4568), as far as a test needs it: one suite, no rollover."""

import base64
import hmac
import os
import re
import struct
from typing import cast

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from tests.contract.phone import Phone
from tests.sip.peer import Message

SUITE = "AES_CM_128_HMAC_SHA1_80"
KEY_BYTES, SALT_BYTES, TAG_BYTES, HEAD_BYTES = 16, 14, 10, 12


class Direction:
    """One way of a stream, under a master key and salt of 30 bytes."""

    def __init__(self, master: bytes) -> None:
        key, salt = master[:KEY_BYTES], master[KEY_BYTES:]
        self._key = _derived(key, salt, 0, KEY_BYTES)
        self._authentication = _derived(key, salt, 1, 20)
        self._salt = _derived(key, salt, 2, SALT_BYTES)

    def seal(self, packet: bytes) -> bytes:
        """Encrypt a packet and sign it."""
        sealed = packet[:HEAD_BYTES] + self._crypt(packet)
        return sealed + self._tag(sealed)

    def unseal(self, packet: bytes) -> bytes:
        """The packet in the clear; nothing where its signature is not right."""
        sealed, tag = packet[:-TAG_BYTES], packet[-TAG_BYTES:]
        return sealed[:HEAD_BYTES] + self._crypt(sealed) if tag == self._tag(sealed) else b""

    def _crypt(self, packet: bytes) -> bytes:
        sequence, source = struct.unpack("!H4xI", packet[2:HEAD_BYTES])
        number = int.from_bytes(self._salt, "big") << 16 ^ source << 64 ^ sequence << 16
        return _keystream(self._key, number, packet[HEAD_BYTES:])

    def _tag(self, sealed: bytes) -> bytes:
        return hmac.digest(self._authentication, sealed + bytes(4), "sha1")[:TAG_BYTES]


class EncryptedPhone(Phone):
    """Offers encrypted audio, answers with it, and hears and says nothing else."""

    def __init__(self) -> None:
        super().__init__()
        self.profile = "RTP/SAVP"
        self._master = os.urandom(KEY_BYTES + SALT_BYTES)
        self._tag = "1"
        self.seal = Direction(self._master).seal

    @classmethod
    async def open(cls) -> "EncryptedPhone":
        return cast("EncryptedPhone", await super().open())

    def sdp(self, payloads: str = "0 101") -> str:
        key = base64.b64encode(self._master).decode()
        line = f"a=crypto:{self._tag} {SUITE} inline:{key}\r\n"
        return super().sdp(payloads).replace("RTP/AVP", self.profile) + line

    def _media_from(self, sdp: str) -> None:
        super()._media_from(sdp)
        found = re.search(rf"a=crypto:(\d+) {SUITE} inline:(\S+)", sdp)
        assert found is not None, sdp
        self._tag = found.group(1)
        self.unseal = Direction(base64.b64decode(found.group(2).partition("|")[0])).unseal

    def respond(self, status: int, reason: str = "X") -> None:
        assert self._invite is not None
        if status == 200:
            self._media_from(self._invite.body)
            self.profile = profile_of(self._invite)
        super().respond(status, reason)


def profile_of(message: Message) -> str:
    """How the SDP of a message names its audio: RTP/AVP, RTP/SAVP."""
    found = re.search(r"m=audio \d+ (\S+)", message.body)
    assert found is not None, message.body
    return found.group(1)


def _derived(key: bytes, salt: bytes, label: int, length: int) -> bytes:
    return _keystream(key, (int.from_bytes(salt, "big") ^ label << 48) << 16, bytes(length))


def _keystream(key: bytes, start: int, text: bytes) -> bytes:
    encryptor = Cipher(algorithms.AES(key), modes.CTR(start.to_bytes(16, "big"))).encryptor()
    return encryptor.update(text) + encryptor.finalize()
