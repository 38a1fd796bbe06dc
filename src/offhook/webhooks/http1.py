"""One HTTP/1.1 answer as it comes over the wire, without the wire: fed with bytes, it knows how far it has come.

httptools does the parsing: llhttp, in C, which Node.js stands on. What llhttp leaves open is settled here: how many
bytes may come that are no body, in how small pieces a body may come, and what the end of a connection means. Every
answer has a parser of its own, so that nothing of one can leak into the next.
"""

from httptools import HttpParserCallbackError, HttpParserError, HttpParserUpgrade, HttpResponseParser

MOST_HEAD_BYTES = 131_072
"""What may arrive before an answer's body: its head, and interim answers (1xx), which could be endless. Behind that,
what is around the body (sizes of chunks, trailers) may be as much again as the body itself."""
PIECES_FREE = 1_000
BYTES_PER_PIECE = 1_024
"""An answer may come in so many pieces, and one more for each so many bytes. Each costs work, however small."""
INTERIM_BYTES = 16
"""What an interim answer takes at least."""

SWITCHING_PROTOCOLS = 101


class ProtocolViolated(Exception):
    """What came is no HTTP answer, or more work than any answer is worth."""


class AnswerCutShort(ProtocolViolated):
    """The connection ended before the answer did, as that of a server does which is being restarted."""


class Answer:
    """One answer. `status` and `headers` count once `has_head`."""

    def __init__(self) -> None:
        self.status = 0
        self.headers: list[tuple[bytes, bytes]] = []
        self.has_head = False
        self.is_whole = False
        self.lets_go_on = False
        """Whether the connection can take another request: known when the answer is whole."""
        self.untaken_bytes = 0
        """How much of the body is here and waits to be taken."""
        self._untaken: list[bytes] = []
        self._fed_bytes = 0
        self._head_bytes = 0
        self._body_bytes = 0
        self._pieces = 0
        self._has_length = self._is_chunked = False
        self._parser = HttpResponseParser(self)
        # What is harmless in an answer, and said by servers that work with everybody else.
        self._parser.set_dangerous_leniencies(
            lenient_chunked_length=True,
            lenient_data_after_close=True,
            lenient_optional_cr_before_lf=True,
            lenient_spaces_after_chunk_size=True,
        )

    def feed(self, data: bytes) -> None:
        """Take what came. Raises ProtocolViolated."""
        try:
            self._parser.feed_data(data)
        except HttpParserUpgrade as error:
            raise ProtocolViolated("it switches to another protocol") from error
        except HttpParserError as error:
            if self.is_whole:
                # Something follows that was not asked for.
                self.lets_go_on = False
                return
            if isinstance(error, HttpParserCallbackError) and isinstance(error.__context__, ProtocolViolated):
                raise error.__context__ from None
            raise ProtocolViolated(str(error)) from error
        self._fed_bytes += len(data)
        if self._fed_bytes > MOST_HEAD_BYTES + 2 * self._body_bytes:
            raise self._too_much()

    def end(self) -> None:
        """The connection is over: the end of an answer that has no other. Raises AnswerCutShort."""
        if not self._fed_bytes:
            raise AnswerCutShort("the server disconnected without sending a response")
        if not self.has_head or self._has_length or self._is_chunked:
            raise AnswerCutShort("the server disconnected in the middle of it")
        self.is_whole = True

    def take(self) -> bytes:
        """What is here of the body and was not taken yet."""
        piece = self._untaken[0] if len(self._untaken) == 1 else b"".join(self._untaken)
        self._untaken.clear()
        self.untaken_bytes = 0
        return piece

    # Called by the parser.

    def on_message_begin(self) -> None:
        """Another answer begins: the first, one after interim ones, or one too many."""
        if self.is_whole:
            raise ProtocolViolated("another answer follows")
        self._add_to_head(INTERIM_BYTES)

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header, or behind the body a trailer, which means nothing here."""
        self._add_to_head(len(name) + len(value))
        if self.has_head:
            return
        self.headers.append((name, value.rstrip(b" \t")))
        match name.lower():
            case b"content-length":
                self._has_length = True
            case b"transfer-encoding":
                if value.strip().lower() != b"chunked":
                    raise ProtocolViolated(f"it is transferred as {value[:40].decode('latin-1')!r}")
                self._is_chunked = True

    def on_headers_complete(self) -> None:
        """The head is here, unless it is that of an interim answer."""
        self.status = self._parser.get_status_code()
        if self.status >= 200:
            self.has_head = True
        elif self.status == SWITCHING_PROTOCOLS:
            raise ProtocolViolated("it switches to another protocol")

    def on_body(self, piece: bytes) -> None:
        """Some of the body."""
        self._pieces += 1
        self._body_bytes += len(piece)
        if self._pieces > PIECES_FREE + self._body_bytes // BYTES_PER_PIECE:
            raise ProtocolViolated(f"it comes in too many small pieces ({self._pieces:,} so far)")
        self.untaken_bytes += len(piece)
        self._untaken.append(piece)

    def on_message_complete(self) -> None:
        """All is here, unless the real answer is still to come."""
        if not self.has_head:
            self.headers.clear()
            self._has_length = self._is_chunked = False
            return
        self.is_whole = True
        # Two lengths: the other side may see the end elsewhere.
        is_ambiguous = self._has_length and self._is_chunked
        self.lets_go_on = not is_ambiguous and self._parser.should_keep_alive()

    def _add_to_head(self, count: int) -> None:
        self._head_bytes += count
        if self._head_bytes > MOST_HEAD_BYTES:
            raise self._too_much()

    def _too_much(self) -> ProtocolViolated:
        return ProtocolViolated(
            "there is more around its body than in it" if self.has_head else "its head does not end"
        )
