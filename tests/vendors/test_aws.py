"""The Amazon Transcribe recogniser, against a local server that speaks its protocol.

https://docs.aws.amazon.com/transcribe/latest/dg/streaming-websocket.html
"""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from offhook.speech.recogniser import (
    FailureKind,
    Final,
    Partial,
    RecogniserOptions,
    SpeechEnded,
    SpeechFailed,
    SpeechStarted,
)
from offhook.vendors.aws.event_stream import Malformed, read_message, write_message
from offhook.vendors.aws.recogniser import AwsRecogniser
from offhook.vendors.aws.signing import Credentials, NoCredentials, find_credentials, presigned
from tests.vendors.custom_server import AfterAudio, AfterStop, Close, Stay, Vanish
from tests.vendors.hearing import FRAME, failure, heard
from tests.vendors.websocket_server import WebSocketServer, nobody, websocket_server

WHO = Credentials("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")


def transcript(text: str, *, is_partial: bool = False, confidence: float = 0.75) -> bytes:
    items = [{"Content": word, "Confidence": confidence} for word in text.split()]
    result = {"IsPartial": is_partial, "Alternatives": [{"Transcript": text, "Items": items}]}
    return event("TranscriptEvent", {"Transcript": {"Results": [result]}})


def event(kind: str, content: Any) -> bytes:
    headers = {":message-type": "event", ":event-type": kind, ":content-type": "application/json"}
    return write_message(headers, json.dumps(content).encode())


def refusal(kind: str, message: str) -> bytes:
    headers = {":message-type": "exception", ":exception-type": kind}
    return write_message(headers, json.dumps({"Message": message}).encode())


def is_stop(message: str | bytes) -> bool:
    return isinstance(message, bytes) and read_message(message)[1] == b""


@asynccontextmanager
async def aws(
    *script: Any, refuse_with: int | None = None
) -> AsyncIterator[tuple[WebSocketServer, AwsRecogniser]]:
    async with websocket_server(*script, is_stop=is_stop, refuse_with=refuse_with) as server:
        yield server, AwsRecogniser(region="eu-central-1", url=server.url, credentials=WHO)


async def test_the_signed_request_and_all_audio_cross_the_wire() -> None:
    async with aws() as (server, recogniser):
        assert await heard(recogniser) == [SpeechEnded()]
    [connection] = server.connections
    asked = dict(connection.query)
    assert connection.path.startswith("/stream-transcription-websocket?")
    assert (asked["language-code"], asked["media-encoding"], asked["sample-rate"]) == ("en-US", "pcm", "8000")
    again = presigned(
        f"ws://{connection.headers['Host']}/stream-transcription-websocket",
        [(name, value) for name, value in connection.query if not name.startswith("X-Amz-")],
        WHO,
        region="eu-central-1",
        service="transcribe",
        at=datetime.strptime(asked["X-Amz-Date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC),
        expires_s=300,
    )
    assert dict(parse_qsl(urlsplit(again).query))["X-Amz-Signature"] == asked["X-Amz-Signature"]
    sent = [read_message(message) for message in connection.messages if isinstance(message, bytes)]
    assert {headers[":event-type"] for headers, _ in sent} == {"AudioEvent"}
    assert b"".join(audio for _, audio in sent) == FRAME * 7


async def test_events_come_in_order() -> None:
    script = (
        AfterAudio(),
        transcript("spe", is_partial=True),
        transcript("speak to sales"),
        AfterStop(),
        event("SomethingNew", {}),
        transcript("please", confidence=0.5),
    )
    async with aws(*script) as (_, recogniser):
        assert await heard(recogniser, options=RecogniserOptions(partials=True)) == [
            SpeechStarted(),
            Partial("spe"),
            Final("speak to sales", 0.75),
            Final("please", 0.5),
            SpeechEnded(),
        ]


@pytest.mark.parametrize(
    "garbage", [b"", b"x" * 40, "text", event("TranscriptEvent", {}), event("TranscriptEvent", [1])]
)
async def test_garbage_is_passed_over(garbage: str | bytes) -> None:
    async with aws(garbage, transcript("sales")) as (_, recogniser):
        assert Final("sales", 0.75) in await heard(recogniser)


class TestFailures:
    @pytest.mark.parametrize(
        ("kind", "failure_kind", "retryable"),
        [
            ("BadRequestException", FailureKind.NEEDS_MODEL, False),
            ("LimitExceededException", FailureKind.BROKEN, True),
            ("InternalFailureException", FailureKind.BROKEN, True),
        ],
    )
    async def test_an_exception_says_why(self, kind: str, failure_kind: FailureKind, retryable: bool) -> None:
        async with aws(AfterAudio(), refusal(kind, "no such vocabulary"), Stay()) as (_, recogniser):
            failed = await failure(recogniser)
        assert failed == SpeechFailed(failure_kind, f"{kind}: no such vocabulary", retryable=retryable)

    @pytest.mark.parametrize("how", [Close(1011), Vanish()])
    async def test_closing_mid_stream_can_be_tried_again_and_words_stay(self, how: Any) -> None:
        async with aws(AfterAudio(), transcript("sales"), how) as (_, recogniser):
            events = await heard(recogniser, finish=False)
        assert events[:2] == [SpeechStarted(), Final("sales", 0.75)]
        assert isinstance(events[-1], SpeechFailed)
        assert events[-1].retryable

    async def test_refused_credentials_are_told(self) -> None:
        async with aws(refuse_with=403) as (_, recogniser):
            failed = await failure(recogniser)
        assert not failed.retryable
        assert "status 403; check the AWS credentials" in failed.detail

    async def test_one_that_is_not_there_can_be_tried_again(self) -> None:
        async with nobody() as address:
            recogniser = AwsRecogniser(region="eu-central-1", url=f"ws://{address}", credentials=WHO)
            assert (await failure(recogniser)).retryable

    async def test_missing_credentials_are_told(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        monkeypatch.delenv("AWS_ACCESS_KEY_ID", raising=False)
        monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
        failed = await failure(AwsRecogniser(region="eu-central-1", url="ws://127.0.0.1:9"))
        assert "set AWS_ACCESS_KEY_ID" in failed.detail
        assert not failed.retryable


class TestSigning:
    def test_the_published_example_comes_out(self) -> None:
        """https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html"""
        signed = presigned(
            "https://examplebucket.s3.amazonaws.com/test.txt",
            [],
            WHO,
            region="us-east-1",
            service="s3",
            at=datetime(2013, 5, 24, tzinfo=UTC),
            expires_s=86400,
            payload_hash="UNSIGNED-PAYLOAD",
        )
        assert signed.endswith(
            "X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404"
        )

    def test_credentials_come_from_the_variables_first(self, tmp_path: Path) -> None:
        file = tmp_path / "credentials"
        file.write_text("[mine]\naws_access_key_id = a\naws_secret_access_key = b%c\n")
        of_file = {"AWS_SHARED_CREDENTIALS_FILE": str(file), "AWS_PROFILE": "mine"}
        assert find_credentials(of_file) == Credentials("a", "b%c")
        both = {**of_file, "AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "y", "AWS_SESSION_TOKEN": "z"}
        assert find_credentials(both) == Credentials("x", "y", "z")
        with pytest.raises(NoCredentials, match="default"):
            find_credentials({"AWS_SHARED_CREDENTIALS_FILE": str(file)})

    def test_secrets_are_not_shown(self) -> None:
        assert "wJalr" not in repr(WHO)


class TestEventStream:
    @given(st.dictionaries(st.text(min_size=1, max_size=20), st.text(max_size=40), max_size=4), st.binary())
    def test_what_is_written_is_read_again(self, headers: dict[str, str], payload: bytes) -> None:
        assert read_message(write_message(headers, payload)) == (headers, payload)

    @given(st.binary(max_size=80))
    def test_no_bytes_break_the_reader(self, message: bytes) -> None:
        with pytest.raises(Malformed):
            read_message(message)

    @given(st.integers(min_value=0, max_value=60))
    def test_a_wrong_byte_is_found(self, at: int) -> None:
        message = bytearray(write_message({":event-type": "TranscriptEvent"}, b"x" * 40))
        message[at] ^= 1
        with pytest.raises(Malformed):
            read_message(bytes(message))
