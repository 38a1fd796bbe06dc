"""The operator's own recogniser, against a local speech engine that another WebSocket library serves."""

import asyncio
import json
import ssl
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from offhook.speech.recogniser import (
    FailureKind,
    Final,
    Partial,
    RecogniserOptions,
    SpeechEnded,
    SpeechEvent,
    SpeechFailed,
    SpeechStarted,
)
from offhook.vendors.custom import CustomRecogniser
from offhook.vendors.custom_protocol import Unknown, read_message
from tests.vendors.custom_server import (
    AfterAudio,
    AfterStop,
    Close,
    CustomServer,
    Pieces,
    ReadNothing,
    Stay,
    Vanish,
    custom_server,
    interim,
    transcription,
)
from tests.vendors.hearing import up_to_date
from tests.webhooks.conftest import CERTIFICATE, TRUSTS_LOCALHOST

DEADLINE_S = 30.0


def frame(number: int) -> bytes:
    """20 ms of audio, unlike that of any other number."""
    return number.to_bytes(4, "little") * 80


@asynccontextmanager
async def custom(*script: Any, **more: Any) -> AsyncIterator[tuple[CustomServer, CustomRecogniser]]:
    async with custom_server(*script, **more) as server:
        yield server, CustomRecogniser("mine", server.url, token="a-token")


async def heard(
    recogniser: CustomRecogniser,
    *,
    frames: int = 7,
    finish: bool = True,
    options: RecogniserOptions | None = None,
) -> list[SpeechEvent]:
    """All events of one utterance."""
    async with asyncio.timeout(DEADLINE_S), recogniser.listen(options or RecogniserOptions()) as recognition:
        for number in range(frames):
            recognition.send(frame(number))
        if finish:
            recognition.finish()
        return [event async for event in recognition]


async def failure(recogniser: CustomRecogniser, *, finish: bool = False) -> SpeechFailed:
    """How one utterance broke."""
    last = (await heard(recogniser, finish=finish))[-1]
    assert isinstance(last, SpeechFailed)
    assert last.kind is FailureKind.BROKEN
    return last


@asynccontextmanager
async def silent_server() -> AsyncIterator[tuple[str, asyncio.Event, asyncio.Event]]:
    """Takes connections and says nothing: its URL, and events for the first request and its end."""
    asked, gone = asyncio.Event(), asyncio.Event()

    async def say_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if await reader.read(1):
            asked.set()
        while await reader.read(65536):
            pass
        gone.set()
        writer.close()

    server = await asyncio.start_server(say_nothing, "127.0.0.1", 0)
    async with server:
        yield f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}/", asked, gone


class TestRequest:
    async def test_the_first_message_says_how_to_listen(self) -> None:
        options = RecogniserOptions(language="fr-FR", hints=("ventes", "aide"), partials=True)
        async with custom() as (server, recogniser):
            await heard(recogniser, options=options)
        [connection] = server.connections
        assert connection.start == {
            "type": "start",
            "language": "fr-FR",
            "format": "raw",
            "encoding": "LINEAR16",
            "interimResults": True,
            "sampleRateHz": 8000,
            "options": {"hints": ["ventes", "aide"]},
        }
        assert [json.loads(text) for text in connection.texts[1:]] == [{"type": "stop"}]

    async def test_without_hints_or_partials_none_are_asked_for(self) -> None:
        async with custom() as (server, recogniser):
            await heard(recogniser)
        start = server.connections[0].start
        assert (start["interimResults"], start["options"]) == (False, {"hints": []})

    async def test_the_url_is_asked_as_it_is_written_and_with_the_token(self) -> None:
        async with custom() as (server, recogniser):
            await heard(recogniser)
        [connection] = server.connections
        assert connection.path == "/listen?model=phone"
        assert connection.headers.get_all("Authorization") == ["Bearer a-token"]

    async def test_without_a_token_there_is_no_authorization(self) -> None:
        async with custom_server() as server:
            await heard(CustomRecogniser("mine", server.url))
        assert "Authorization" not in server.connections[0].headers

    @pytest.mark.parametrize("frames", [0, 1, 150])
    async def test_audio_from_before_the_connection_arrives_frame_by_frame_and_in_order(
        self, frames: int
    ) -> None:
        async with custom() as (server, recogniser):
            assert await heard(recogniser, frames=frames) == [SpeechEnded()]
        [connection] = server.connections
        assert connection.frames == [frame(number) for number in range(frames)]
        assert connection.order == ["start", *(["audio"] if frames else []), "stop"]

    async def test_each_frame_goes_out_as_it_comes(self) -> None:
        script = [step for number in range(1, 21) for step in (AfterAudio(number), interim(f"{number}"))]
        async with (
            custom(*script) as (server, recogniser),
            asyncio.timeout(DEADLINE_S),
            recogniser.listen(RecogniserOptions(partials=True)) as recognition,
        ):
            recognition.send(frame(0))
            told = 0
            async for event in recognition:
                if isinstance(event, Partial):
                    told += 1
                    assert event == Partial(f"{told}")
                    if told == 20:
                        recognition.finish()
                    else:
                        recognition.send(frame(told))
        assert server.connections[0].frames == [frame(number) for number in range(20)]

    async def test_what_finds_no_room_before_the_connection_is_the_oldest_and_is_counted(self) -> None:
        async with custom() as (server, recogniser), asyncio.timeout(DEADLINE_S):
            with capture_logs() as logs:
                async with recogniser.listen(RecogniserOptions()) as recognition:
                    for number in range(160):
                        recognition.send(frame(number))
                    recognition.finish()
                    assert [event async for event in recognition] == [SpeechEnded()]
                    assert recognition.frames_lost == 10
        assert server.connections[0].frames == [frame(number) for number in range(10, 160)]
        assert {"event": "recogniser.frames_lost", "count": 10, "vendor": "custom:mine"}.items() <= logs[
            -1
        ].items()

    async def test_audio_after_finish_is_left_out(self) -> None:
        async with (
            custom() as (server, recogniser),
            asyncio.timeout(DEADLINE_S),
            recogniser.listen(RecogniserOptions()) as recognition,
        ):
            recognition.send(frame(1))
            recognition.finish()
            recognition.finish()
            recognition.send(frame(2))
            assert [event async for event in recognition] == [SpeechEnded()]
        [connection] = server.connections
        assert (connection.frames, connection.order) == ([frame(1)], ["start", "audio", "stop"])

    async def test_each_utterance_has_its_own_connection(self) -> None:
        async with custom(transcription("sales")) as (server, recogniser):
            for _ in range(3):
                assert Final("sales") in await heard(recogniser)
            assert len(server.connections) == 3

    async def test_what_it_is_called(self) -> None:
        recogniser = CustomRecogniser("mine", "ws://127.0.0.1:1/")
        assert recogniser.name == "custom:mine"
        assert recogniser.capabilities.partials
        assert recogniser.capabilities.free_speech
        assert recogniser.capabilities.finds_end


class TestEvents:
    async def test_partials_and_several_finals_come_in_order(self) -> None:
        script = (
            AfterAudio(),
            interim("spe"),
            interim("speak to"),
            transcription("speak to sales", confidence=0.75),
            AfterStop(),
            interim("ple"),
            transcription(" please "),
        )
        async with custom(*script) as (_, recogniser):
            assert up_to_date(await heard(recogniser)) == [
                SpeechStarted(),
                Partial("speak to"),
                Final("speak to sales", 0.75),
                Partial("ple"),
                Final("please"),
                SpeechEnded(),
            ]

    async def test_last_words_come_after_finish(self) -> None:
        async with custom(AfterStop(), transcription("goodbye")) as (server, recogniser):
            async with asyncio.timeout(DEADLINE_S), recogniser.listen(RecogniserOptions()) as recognition:
                recognition.send(frame(0))
                recognition.finish()
                async with aclosing(aiter(recognition)) as events:  # type: ignore[type-var]
                    assert [await anext(events), await anext(events)] == [SpeechStarted(), Final("goodbye")]
            assert server.connections[0].frames == [frame(0)]

    async def test_a_message_in_fragments_is_one_message(self) -> None:
        whole = transcription("naïve café")
        async with custom(Pieces((whole[:9], whole[9:60], whole[60:]))) as (_, recogniser):
            assert Final("naïve café") in await heard(recogniser)

    async def test_words_that_no_database_could_keep_are_made_fit(self) -> None:
        raw = r'{"type":"transcription","is_final":true,"alternatives":[{"transcript":"a\u0000b \ud800c\r\nd"}]}'
        async with custom(raw) as (_, recogniser):
            assert Final("a b c d") in await heard(recogniser)

    async def test_transcriptions_without_words_are_no_events(self) -> None:
        async with custom(interim(""), transcription(" ")) as (_, recogniser):
            assert await heard(recogniser) == [SpeechEnded()]

    async def test_an_engine_that_says_nothing_after_the_stop_is_not_waited_for_for_ever(self) -> None:
        async with custom(Stay()) as (server, recogniser):
            began_at = asyncio.get_running_loop().time()
            failed = await failure(recogniser, finish=True)
            took_s = asyncio.get_running_loop().time() - began_at
            async with asyncio.timeout(DEADLINE_S):
                await server.connections[0].over.wait()
        assert "said no last words within 5 s" in failed.detail
        assert failed.retryable
        assert 4.5 < took_s < 15

    async def test_an_engine_that_breaks_off_after_the_stop_has_failed_unless_it_said_its_words(self) -> None:
        async with custom(AfterStop(), Vanish()) as (_, recogniser):
            failed = await failure(recogniser, finish=True)
        assert "closed the connection after it was told to stop" in failed.detail
        assert failed.retryable
        async with custom(AfterStop(), transcription("sales"), Vanish()) as (_, recogniser):
            assert await heard(recogniser) == [SpeechStarted(), Final("sales"), SpeechEnded()]

    async def test_garbage_is_told_once_counted_and_passed_over(self) -> None:
        garbage = (
            "no JSON",
            "[1]",
            "[" * 100_000,
            "{}",
            '{"type":"weather","is_final":true}',
            '{"type":"transcription"}',
            '{"type":"transcription","is_final":true,"alternatives":[]}',
            '{"type":"transcription","is_final":1,"alternatives":[{"transcript":"x"}]}',
            b"\x00\x01binary",
        )
        async with custom(*garbage, transcription("sales")) as (_, recogniser):
            with capture_logs() as logs:
                assert await heard(recogniser) == [SpeechStarted(), Final("sales"), SpeechEnded()]
        assert [(entry["event"], entry.get("why"), entry.get("count")) for entry in logs] == [
            ("recogniser.message_dropped", "it is not JSON", None),
            ("recogniser.messages_dropped", None, len(garbage)),
        ]

    @pytest.mark.parametrize("garbage", ["<html>", "[1]", b"\x00\x01binary"])
    async def test_an_engine_that_says_nothing_but_garbage_has_failed(self, garbage: str | bytes) -> None:
        async with custom(garbage, garbage) as (_, recogniser):
            failed = await failure(recogniser, finish=True)
        assert failed.detail == "nothing that the engine sent could be understood"
        assert failed.retryable

    @pytest.mark.parametrize("message", ['{"type":"listening"}', transcription("")])
    async def test_one_that_speaks_the_protocol_and_hears_nothing_has_not(self, message: str) -> None:
        async with custom("<html>", message) as (_, recogniser):
            assert await heard(recogniser) == [SpeechEnded()]

    async def test_of_partials_that_wait_only_the_newest_is_told_and_no_final_is_lost(self) -> None:
        rounds = [[interim(f"{number} {word}") for word in range(2_000)] for number in range(3)]
        script = [
            message
            for number, partials in enumerate(rounds)
            for message in (*partials, transcription(f"{number}"))
        ]
        async with (
            custom(*script, Close(1000)) as (server, recogniser),
            asyncio.timeout(DEADLINE_S),
            recogniser.listen(RecogniserOptions(partials=True)) as recognition,
        ):
            recognition.finish()
            while not server.connections:  # noqa: ASYNC110  # it tells by nothing else
                await asyncio.sleep(0)
            await server.connections[0].over.wait()  # nobody reads before all of it is there
            told = [event async for event in recognition]
        assert told == [
            SpeechStarted(),
            *(event for number in range(3) for event in (Partial(f"{number} 1999"), Final(f"{number}"))),
            SpeechEnded(),
        ]

    @pytest.mark.parametrize(
        ("written", "understood"),
        [
            *(("0.5", 0.5), ("1", 1.0), ("0", 0.0), ("1.5", None), ("-1", None), ("NaN", None)),
            *(("true", None), ("null", None), ('"0.5"', None), ("1e999", None), ("1" + "0" * 400, None)),
        ],
    )
    def test_a_confidence_that_makes_no_sense_is_none(self, written: str, understood: float | None) -> None:
        message = (
            '{"type":"transcription","is_final":true,"alternatives":[{"transcript":"x","confidence":%s}]}'
        )
        assert read_message((message % written).encode()) == Final("x", understood)

    @given(
        st.binary()
        | st.recursive(
            st.none() | st.booleans() | st.floats() | st.text(),
            lambda inner: (
                st.lists(inner)
                | st.dictionaries(st.sampled_from(("type", "is_final", "alternatives", "error")), inner)
            ),
        ).map(lambda value: json.dumps(value).encode())
    )
    def test_no_message_breaks_the_reader(self, message: bytes) -> None:
        try:
            event = read_message(message)
        except Unknown as fault:
            assert str(fault)  # noqa: PT017  # a refusal is as good as an answer
        else:
            assert event is None or isinstance(event, Partial | Final | SpeechFailed)


class TestFailures:
    async def test_an_error_of_the_engine_ends_it_with_its_words(self) -> None:
        async with custom(AfterAudio(), '{"type":"error","error":"no more\\ntoday"}') as (server, recogniser):
            failed = await failure(recogniser)
            async with asyncio.timeout(DEADLINE_S):
                await server.connections[0].over.wait()
        assert failed.detail == "the engine says: no more today"

    async def test_words_before_an_error_are_kept(self) -> None:
        async with custom(transcription("sales"), '{"type":"error","error":{"code":7}}') as (_, recogniser):
            events = await heard(recogniser, finish=False)
        assert events[:2] == [SpeechStarted(), Final("sales")]
        assert isinstance(events[-1], SpeechFailed)
        assert '{"code": 7}' in events[-1].detail

    @pytest.mark.parametrize(
        ("how", "told"),
        [
            (Close(1000), "(1000)"),
            (Close(1011, "out of memory"), "(1011: out of memory)"),
            (Close(4001), "(4001)"),
            (Vanish(), "before"),
        ],
    )
    async def test_closing_before_the_stop_is_a_failure_that_can_be_tried_again(
        self, how: Any, told: str
    ) -> None:
        async with custom(AfterAudio(), how) as (_, recogniser):
            failed = await failure(recogniser)
        assert failed.retryable
        assert told in failed.detail
        assert "before it was told to stop" in failed.detail

    @pytest.mark.parametrize("how", [Close(1000), Close(1001), Vanish()])
    async def test_closing_after_the_stop_is_the_end(self, how: Any) -> None:
        async with custom(AfterStop(), transcription("sales"), how) as (_, recogniser):
            events = await heard(recogniser)
        assert events[-1] == SpeechEnded()

    async def test_breaking_down_after_the_stop_is_a_failure(self) -> None:
        async with custom(AfterStop(), Close(1011, "boom")) as (_, recogniser):
            failed = await failure(recogniser, finish=True)
        assert "(1011: boom) after it was told to stop" in failed.detail

    @pytest.mark.parametrize(
        ("status", "retryable"), [(401, False), (403, False), (404, False), (429, True), (503, True)]
    )
    async def test_a_refused_connection_names_the_status(self, status: int, retryable: bool) -> None:
        async with custom(refuse_with=status) as (server, recogniser):
            failed = await failure(recogniser)
        assert failed.retryable is retryable
        assert f"status {status}" in failed.detail
        assert ("OFFHOOK_ASR_CUSTOM_TOKENS" in failed.detail) is (status in (401, 403))
        assert server.refused[0].headers["Authorization"] == "Bearer a-token"

    async def test_a_redirect_is_not_followed(self) -> None:
        async with custom() as (target, _), custom(refuse_with=307) as (_, recogniser):
            assert "status 307" in (await failure(recogniser)).detail
            assert target.connections == []

    async def test_an_engine_that_is_not_there_can_be_tried_again(self) -> None:
        async with custom() as (server, _):
            url = server.url
        failed = await failure(CustomRecogniser("mine", url))
        assert failed.retryable
        assert "out of reach" in failed.detail

    async def test_a_name_without_an_address_is_told(self) -> None:
        assert "out of reach" in (await failure(CustomRecogniser("mine", "ws://nowhere.invalid/"))).detail

    async def test_an_engine_that_does_not_answer_is_given_up(self) -> None:
        async with silent_server() as (url, asked, gone):
            with capture_logs() as logs:
                failed = await failure(CustomRecogniser("mine", url + "?key=secret"))
            async with asyncio.timeout(DEADLINE_S):
                await gone.wait()
            assert asked.is_set()
        assert (failed.detail, failed.retryable) == ("the engine was not reached within 3 s", True)
        assert logs[0]["url"] == url

    async def test_a_far_end_that_speaks_no_websocket_is_told(self) -> None:
        async def page(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi")
            await writer.drain()
            writer.close()

        async with await asyncio.start_server(page, "127.0.0.1", 0) as server:
            url = f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
            assert "status 200" in (await failure(CustomRecogniser("mine", url))).detail

    async def test_a_far_end_that_hangs_up_on_the_request_is_told(self) -> None:
        async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n")
            writer.close()

        async with await asyncio.start_server(hang_up, "127.0.0.1", 0) as server:
            url = f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
            failed = await failure(CustomRecogniser("mine", url))
        assert failed.retryable
        assert "closed the connection before it answered" in failed.detail

    async def test_a_message_without_end_is_refused(self) -> None:
        async with custom("x" * 300_000, Stay()) as (_, recogniser):
            assert "breaks the WebSocket protocol" in (await failure(recogniser)).detail
        async with custom(Pieces(("x" * 200_000, "x" * 200_000)), Stay()) as (_, recogniser):
            assert "longer than 262,144 bytes" in (await failure(recogniser)).detail

    async def test_an_engine_that_does_not_read_loses_audio_and_gets_no_more_memory(self) -> None:
        kept = [frame(0)]
        async with custom(AfterAudio(), ReadNothing(), interim("busy")) as (server, recogniser):
            async with asyncio.timeout(60), recogniser.listen(RecogniserOptions()) as recognition:
                with capture_logs() as logs:
                    recognition.send(frame(0))
                    async for event in recognition:
                        if isinstance(event, Partial):
                            break
                    for number in range(1, 60_000):
                        lost = recognition.frames_lost
                        recognition.send(frame(number))
                        if recognition.frames_lost == lost:
                            kept.append(frame(number))
                        elif lost == 99:
                            break
                        if number % 100 == 0:
                            await asyncio.sleep(0)
                    assert recognition.frames_lost == 100, "20 MB found room somewhere"
                    server.read_again.set()
                    await server.connections[0].has_frames(len(kept))
                    recognition.finish()
                    assert [event async for event in recognition] == [SpeechEnded()]
            assert [entry["event"] for entry in logs] == ["recogniser.does_not_read"]
            assert server.connections[0].frames == kept
            assert server.connections[0].order == ["start", "audio", "stop"]


class TestLeaving:
    async def test_leaving_in_the_middle_closes_the_connection(self) -> None:
        async with custom(AfterAudio(), interim("sa"), Stay()) as (server, recogniser):
            async with asyncio.timeout(DEADLINE_S):
                async with recogniser.listen(RecogniserOptions(partials=True)) as recognition:
                    recognition.send(frame(0))
                    async for event in recognition:
                        if isinstance(event, Partial):
                            break
                await server.connections[0].over.wait()
            assert server.connections[0].close_code == 1000

    async def test_leaving_while_connecting_closes_at_once_and_leaves_no_task(self) -> None:
        async with silent_server() as (url, asked, gone), asyncio.timeout(DEADLINE_S):
            before = asyncio.all_tasks()
            async with CustomRecogniser("mine", url).listen(RecogniserOptions()):
                await asked.wait()
                before |= {task for task in asyncio.all_tasks() if "say_nothing" in repr(task)}
            assert asyncio.all_tasks() <= before
            await gone.wait()

    async def test_leaving_before_anything_happened(self) -> None:
        async with custom() as (server, recogniser), recogniser.listen(RecogniserOptions()) as recognition:
            recognition.send(frame(0))
        assert server.connections == []

    async def test_what_the_block_raises_comes_out_as_it_is(self) -> None:
        async with custom() as (_, recogniser):
            with pytest.raises(ZeroDivisionError):
                async with recogniser.listen(RecogniserOptions()):
                    raise ZeroDivisionError

    async def test_a_late_frame_goes_nowhere(self) -> None:
        async with custom() as (server, recogniser), asyncio.timeout(DEADLINE_S):
            async with recogniser.listen(RecogniserOptions()) as recognition:
                recognition.finish()
                assert [event async for event in recognition] == [SpeechEnded()]
            recognition.send(frame(0))
            recognition.finish()
            assert server.connections[0].order == ["start", "stop"]


class TestTls:
    async def test_a_trusted_certificate_is_fine(self) -> None:
        async with custom(transcription("sales"), tls=_server_tls()) as (server, _):
            recogniser = CustomRecogniser("mine", f"wss://localhost:{server.port}/", tls=TRUSTS_LOCALHOST)
            assert await heard(recogniser, frames=100) == [SpeechStarted(), Final("sales"), SpeechEnded()]
            assert server.connections[0].frames == [frame(number) for number in range(100)]

    async def test_an_unknown_certificate_is_refused(self) -> None:
        async with custom(tls=_server_tls()) as (server, _):
            failed = await failure(CustomRecogniser("mine", f"wss://localhost:{server.port}/"))
        assert "certificate is not valid (self-signed certificate)" in failed.detail
        assert not failed.retryable
        assert server.connections == []


def _server_tls() -> ssl.SSLContext:
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(CERTIFICATE)
    return tls
