"""The Google recogniser, against a local server that speaks Google's protocol.

https://cloud.google.com/speech-to-text/docs/reference/rpc/google.cloud.speech.v1
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from typing import Any

import pytest
from grpc import StatusCode

from offhook.speech.recogniser import (
    FailureKind,
    Final,
    Partial,
    RecogniserOptions,
    SpeechEnded,
    SpeechFailed,
    SpeechStarted,
)
from offhook.vendors.google import GoogleRecogniser
from tests.vendors.google_server import (
    AfterAllAudio,
    AfterFirstAudio,
    Failure,
    GoogleServer,
    Vanish,
    final,
    google_server,
    interim,
    speech_begins,
)
from tests.vendors.hearing import FRAME, heard, up_to_date

DEADLINE_S = 10.0


@asynccontextmanager
async def google(
    *script: Any, model: str = "telephony"
) -> AsyncIterator[tuple[GoogleServer, GoogleRecogniser]]:
    async with google_server(*script) as server:
        recogniser = GoogleRecogniser(model=model, endpoint=server.endpoint)
        try:
            yield server, recogniser
        finally:
            await recogniser.close()


class TestRequest:
    async def test_what_to_listen_for_crosses_the_wire(self) -> None:
        options = RecogniserOptions(language="fr-FR", hints=("ventes", "aide"), partials=True)
        async with google(model="phone_call") as (server, recogniser):
            await heard(recogniser, options=options)
        config = server.streams[0].config
        assert config is not None
        assert config.interim_results
        assert config.enable_voice_activity_events
        assert not config.single_utterance
        assert config.config.language_code == "fr-FR"
        assert config.config.model == "phone_call"
        assert config.config.encoding.name == "LINEAR16"
        assert config.config.sample_rate_hertz == 8000
        assert [list(context.phrases) for context in config.config.speech_contexts] == [["ventes", "aide"]]

    async def test_without_hints_or_partials_none_are_asked_for(self) -> None:
        async with google() as (server, recogniser):
            await heard(recogniser)
        config = server.streams[0].config
        assert config is not None
        assert not config.interim_results
        assert not config.config.speech_contexts
        assert config.config.model == "telephony"

    @pytest.mark.parametrize("frames", [0, 1, 5, 7, 23])
    async def test_all_audio_arrives_in_requests_of_100_ms(self, frames: int) -> None:
        async with google() as (server, recogniser):
            await heard(recogniser, frames=frames)
        stream = server.streams[0]
        assert stream.audio == FRAME * frames
        assert stream.requests == 1 + (frames + 4) // 5

    async def test_one_connection_serves_many_utterances(self) -> None:
        async with google(final("sales")) as (server, recogniser):
            for _ in range(3):
                assert Final("sales") in await heard(recogniser)
            assert len(server.streams) == 3


class TestEvents:
    async def test_partials_and_finals_come_in_order(self) -> None:
        script = (
            AfterFirstAudio(),
            interim("spe"),
            interim("speak to", 0.25),
            final("speak to sales", 0.75),
            AfterAllAudio(),
            final(" please"),
        )
        async with google(*script) as (_, recogniser):
            assert up_to_date(await heard(recogniser)) == [
                SpeechStarted(),
                Partial("speak to", 0.25),
                Final("speak to sales", 0.75),
                Final("please"),
                SpeechEnded(),
            ]

    async def test_a_voice_is_told_before_any_word(self) -> None:
        async with google(speech_begins(), interim("yes"), final("yes")) as (_, recogniser):
            events = await heard(recogniser)
        assert events == [SpeechStarted(), Partial("yes"), Final("yes"), SpeechEnded()]

    async def test_silence_ends_without_words(self) -> None:
        async with google() as (_, recogniser):
            assert await heard(recogniser) == [SpeechEnded()]

    async def test_last_words_come_after_finish(self) -> None:
        async with google(AfterAllAudio(), final("goodbye")) as (server, recogniser):
            async with asyncio.timeout(DEADLINE_S), recogniser.listen(RecogniserOptions()) as recognition:
                recognition.send(FRAME)
                recognition.finish()
                async with aclosing(aiter(recognition)) as events:  # type: ignore[type-var]
                    assert [await anext(events), await anext(events)] == [SpeechStarted(), Final("goodbye")]
            assert server.streams[0].audio == FRAME

    async def test_audio_after_finish_is_left_out(self) -> None:
        async with google() as (server, recogniser):
            async with asyncio.timeout(DEADLINE_S), recogniser.listen(RecogniserOptions()) as recognition:
                recognition.send(FRAME)
                recognition.finish()
                recognition.send(FRAME)
                assert [event async for event in recognition] == [SpeechEnded()]
            assert server.streams[0].audio == FRAME


class TestFailures:
    @pytest.mark.parametrize(
        ("code", "kind", "retryable"),
        [
            (StatusCode.PERMISSION_DENIED, FailureKind.BROKEN, False),
            (StatusCode.UNAUTHENTICATED, FailureKind.BROKEN, False),
            (StatusCode.INVALID_ARGUMENT, FailureKind.NEEDS_MODEL, False),
            (StatusCode.UNAVAILABLE, FailureKind.BROKEN, True),
            (StatusCode.OUT_OF_RANGE, FailureKind.BROKEN, True),
            (StatusCode.RESOURCE_EXHAUSTED, FailureKind.BROKEN, True),
        ],
    )
    async def test_the_code_decides_what_a_failure_means(
        self, code: StatusCode, kind: FailureKind, retryable: bool
    ) -> None:
        async with google(AfterFirstAudio(), Failure(code, "no more today")) as (_, recogniser):
            failed = (await heard(recogniser, finish=False))[-1]
        assert isinstance(failed, SpeechFailed)
        assert (failed.kind, failed.retryable) == (kind, retryable)
        assert code.name in failed.detail
        assert "no more today" in failed.detail

    async def test_words_before_a_failure_are_kept(self) -> None:
        async with google(final("sales"), Failure(StatusCode.UNAVAILABLE)) as (_, recogniser):
            events = await heard(recogniser)
        assert events[:2] == [SpeechStarted(), Final("sales")]
        assert isinstance(events[-1], SpeechFailed)

    async def test_a_server_that_vanishes_can_be_tried_again(self) -> None:
        async with google(AfterFirstAudio(), interim("sa"), Vanish()) as (_, recogniser):
            failed = (await heard(recogniser, finish=False))[-1]
        assert isinstance(failed, SpeechFailed)
        assert failed.retryable

    async def test_a_server_that_is_not_there_is_told_as_an_event(self) -> None:
        async with google() as (server, recogniser):
            endpoint = server.endpoint
            await heard(recogniser)
        gone = GoogleRecogniser(endpoint=endpoint)
        failed = (await heard(gone))[-1]
        await gone.close()
        assert isinstance(failed, SpeechFailed)
        assert failed.retryable

    async def test_missing_credentials_are_told_as_an_event(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", "/nowhere/key.json")
        failed = (await heard(GoogleRecogniser()))[-1]
        assert isinstance(failed, SpeechFailed)
        assert "/nowhere/key.json" in failed.detail
        assert not failed.retryable


class TestLeaving:
    async def test_leaving_early_cancels_the_stream(self) -> None:
        async with google(AfterFirstAudio(), interim("sa")) as (server, recogniser):
            async with asyncio.timeout(DEADLINE_S):
                async with recogniser.listen(RecogniserOptions(partials=True)) as recognition:
                    for _ in range(5):
                        recognition.send(FRAME)
                    async for event in recognition:
                        if isinstance(event, Partial):
                            break
                await server.streams[0].over.wait()

    async def test_what_the_block_raises_comes_out_as_it_is(self) -> None:
        async with google() as (_, recogniser):
            with pytest.raises(ZeroDivisionError):
                async with recogniser.listen(RecogniserOptions()):
                    raise ZeroDivisionError
