"""The numbers of a server: kept by each process, shown over sockets, written as one page for Prometheus."""

import asyncio
import os
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from offhook.call.delivery import DeliveryEnd, DeliveryReport
from offhook.call.errors import RecordsAway
from offhook.call.facts import CallFinished, TimelineKept
from offhook.call.info import CallStatus
from offhook.call.rows import OutboxItem, WorkerRow
from offhook.metrics import Few, Meter
from offhook.processes.lag import watched
from offhook.processes.metered import MeteredOutbox, MeteredRecorder
from offhook.processes.metered_speech import metered_recognisers, metered_voices
from offhook.processes.metrics_page import MetricsPage, Sources
from offhook.processes.metrics_socket import shown, snapshots
from offhook.speech.recogniser import FailureKind, Final, RecogniserOptions, SpeechFailed
from offhook.speech.voice import VoiceOptions
from offhook.testing.fake_speech import FakeRecogniser, FakeVoice
from offhook.testing.kept_facts import KeptFacts
from offhook.verbs import Request, Target


def numbers(page: bytes) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    """The page as a Prometheus client reads it."""
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(page.decode())
        for sample in family.samples
    }


def number(page: bytes, name: str, **labels: str) -> float:
    """One number of the page."""
    return numbers(page)[name, frozenset(labels.items())]


def worker(index: int, free: int, *, is_draining: bool = False) -> WorkerRow:
    now = datetime.now(UTC)
    return WorkerRow(
        worker_id=f"w{index}",
        worker_index=index,
        address="http://127.0.0.1:1",
        sip_address="127.0.0.1:5060",
        call_slots=4,
        free_slots=free,
        build="a build",
        started_at=now,
        renewed_at=now,
        stopped_at=None,
        is_draining=is_draining,
    )


def sources(folder: Path) -> Sources:
    """A server of one worker, this process."""
    return Sources(
        run_dir=folder,
        processes=lambda: {
            "worker-0": {"kind": "worker", "state": "ready", "pid": os.getpid(), "restarts": 2},
            "voice": {"kind": "voice", "state": "dead", "pid": None, "restarts": 7},
        },
        is_database_up=lambda: True,
        running_calls=lambda: {"ringing": 1, "in-progress": 3},
        workers=lambda: (worker(0, free=1), worker(1, free=0, is_draining=True)),
        outbox_depth=lambda: {"pending": 5, "dead": 2},
        outbox_oldest_s=lambda: 12.5,
    )


async def test_the_page_has_what_is_known_of_all(tmp_path: Path) -> None:
    page = await MetricsPage(sources(tmp_path)).text()
    assert number(page, "offhook_database_up") == 1
    assert number(page, "offhook_calls", state="in-progress") == 3
    assert number(page, "offhook_call_slots_free", worker="0") == 1
    assert number(page, "offhook_worker_draining", worker="1") == 1
    assert number(page, "offhook_outbox_depth", state="pending") == 5
    assert number(page, "offhook_outbox_oldest_seconds") == 12.5
    assert number(page, "offhook_process_ready", process="worker-0", kind="worker") == 1
    assert number(page, "offhook_process_ready", process="voice", kind="voice") == 0
    assert number(page, "offhook_process_restarts_total", process="voice") == 7
    assert number(page, "offhook_process_resident_bytes", process="worker-0") > 1_000_000
    assert number(page, "offhook_process_open_fds", process="worker-0") >= 3
    assert number(page, "offhook_process_cpu_seconds_total", process="worker-0") > 0


async def test_a_database_that_is_away_is_a_number_and_the_rest_is_still_there(tmp_path: Path) -> None:
    def away() -> Mapping[str, int]:
        raise RecordsAway("gone")

    for known in (
        replace(sources(tmp_path), is_database_up=lambda: False),
        replace(sources(tmp_path), running_calls=away),
    ):
        page = await MetricsPage(known).text()
        assert number(page, "offhook_database_up") == 0
        assert number(page, "offhook_process_ready", process="worker-0", kind="worker") == 1
        assert "offhook_calls{" not in page.decode()


async def test_numbers_of_several_processes_stand_side_by_side_and_go_with_their_process(
    tmp_path: Path,
) -> None:
    meters = {name: Meter() for name in ("worker-0", "worker-1")}
    refused = {name: meter.counter("offhook_sip_refused", "…", "reason") for name, meter in meters.items()}
    refused["worker-0"].add("source")
    refused["worker-0"].add("source", by=2)
    refused["worker-1"].add("lag")
    page = MetricsPage(sources(tmp_path))
    async with watched(meters["worker-0"], tmp_path, "worker-0"):
        async with shown(meters["worker-1"], tmp_path, "worker-1"):
            both = await page.text()
        one = await page.text()
    assert number(both, "offhook_sip_refused_total", process="worker-0", reason="source") == 3
    assert number(both, "offhook_sip_refused_total", process="worker-1", reason="lag") == 1
    assert number(both, "offhook_event_loop_lag_seconds", process="worker-0") >= 0
    assert "worker-1" not in {dict(labels).get("process") for _, labels in numbers(one)}
    assert number(one, "offhook_sip_refused_total", process="worker-0", reason="source") == 3


async def test_a_process_that_died_or_hangs_or_talks_nonsense_is_left_out(tmp_path: Path) -> None:
    let_go = asyncio.Event()

    async def mute(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()
        let_go.set()

    async def mad(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"{")
        writer.close()

    (tmp_path / "dead.metrics").touch()
    hanging = await asyncio.start_unix_server(mute, tmp_path / "hanging.metrics")
    raving = await asyncio.start_unix_server(mad, tmp_path / "raving.metrics")
    async with shown(Meter(), tmp_path, "empty"):
        assert await snapshots(tmp_path) == {}
    async with asyncio.timeout(20):
        await let_go.wait()
    hanging.close()
    raving.close()


def test_a_histogram_counts_what_is_at_most_as_large() -> None:
    meter = Meter()
    seconds = meter.histogram("seconds", "…", (0.1, 1.0), "host")
    for measured in (0.05, 0.1, 0.5, 7.0):
        seconds.observe(measured, "a")
    (family,) = meter.snapshot()
    counts = {(suffix, labels.get("le")): value for suffix, labels, value in family["samples"]}
    assert counts == {
        ("_bucket", "0.1"): 2,
        ("_bucket", "1.0"): 3,
        ("_bucket", "+Inf"): 4,
        ("_count", None): 4,
        ("_sum", None): pytest.approx(7.65),
    }


def test_hosts_beyond_the_first_are_one() -> None:
    few = Few(most=2)
    assert [few(host) for host in ("a", "b", "c", "a", "d")] == ["a", "b", "other", "a", "other"]


async def test_a_recorder_passes_on_what_it_counts() -> None:
    meter, kept = Meter(), KeptFacts()
    recorder = MeteredRecorder(kept, meter)
    finished = CallFinished(
        call_id="0" * 32,
        account_sid="AC",
        at=datetime.now(UTC),
        status=CallStatus.COMPLETED,
        ring_duration_s=1.5,
    )
    await recorder.settle(finished)
    recorder.emit(replace(finished, status=CallStatus.FAILED, reason="worker_lost"))
    recorder.emit(replace(finished, status=CallStatus.FAILED, reason="worker_lost: w1"))
    recorder.emit(replace(finished, status=CallStatus.BUSY, sip_status=486))
    recorder.emit(replace(finished, status=CallStatus.FAILED, reason="Something, at length"))
    assert len(kept.facts) == 5
    samples = samples_of(meter)
    assert samples["offhook_calls_ended_total", "completed", "hang_up"] == 1
    assert samples["offhook_calls_ended_total", "failed", "worker_lost"] == 2
    assert samples["offhook_calls_ended_total", "busy", "sip_486"] == 1
    assert samples["offhook_calls_ended_total", "failed", "fault"] == 1
    assert samples["offhook_answer_seconds_count",] == 1


async def test_a_voice_is_timed_to_its_first_sound() -> None:
    meter = Meter()
    voice = metered_voices({"fake": FakeVoice()}, meter)["fake"]
    spoken = b"".join([piece async for piece in voice.speak("Hello", VoiceOptions())])
    assert spoken
    assert samples_of(meter)["offhook_voice_first_byte_seconds_count", voice.name] == 1


async def test_a_voice_that_nobody_hears_any_more_is_closed_at_once() -> None:
    fake = FakeVoice(pace=0.01)
    spoken = metered_voices({"fake": fake}, Meter())["fake"].speak("Hello", VoiceOptions())
    await anext(spoken)
    assert fake.under_way == 1
    await spoken.aclose()  # type: ignore[attr-defined]  # a generator
    assert fake.under_way == 0


async def test_a_recogniser_is_timed_from_the_end_of_the_utterance_to_its_words() -> None:
    meter = Meter()
    heard = FakeRecogniser(at_finish=(Final("yes"), Final("please")))
    broken = FakeRecogniser(events=((0.0, SpeechFailed(FailureKind.BROKEN, "gone")),))
    recognisers = metered_recognisers({"heard": heard, "broken": broken}, meter)
    assert recognisers["heard"].capabilities == heard.capabilities
    words = []
    async with recognisers["heard"].listen(RecogniserOptions()) as recognition:
        recognition.send(b"\0" * 320)
        recognition.finish()
        words = [event.text async for event in recognition if isinstance(event, Final)]
    async with recognisers["broken"].listen(RecogniserOptions()) as recognition:
        assert [type(event) async for event in recognition] == [SpeechFailed]
    assert words == ["yes", "please"]
    samples = samples_of(meter)
    assert samples["offhook_recogniser_final_seconds_count", "fake"] == 1
    assert samples["offhook_recogniser_failures_total", "fake", "broken"] == 1


async def test_how_audio_travelled_is_counted_from_the_timeline() -> None:
    meter = Meter()
    recorder = MeteredRecorder(KeptFacts(), meter)
    media = {"received": 100, "lost": 3, "sent": 90, "jitter_ms": 7.5, "codec": "PCMU"}
    recorder.emit(
        TimelineKept(
            call_id="0" * 32,
            account_sid="AC",
            at=datetime.now(UTC),
            chunk=0,
            events=((0, "sip", {"lost": 99}), (900, "media", media)),
        )
    )
    samples = samples_of(meter)
    assert samples["offhook_rtp_packets_total", "received"] == 100
    assert samples["offhook_rtp_packets_total", "lost"] == 3
    assert samples["offhook_rtp_jitter_seconds_bucket", "0.01"] == 1
    assert samples["offhook_rtp_jitter_seconds_sum",] == pytest.approx(0.0075)


def test_deliveries_are_counted_once_they_are_written() -> None:
    class Unsteady:
        is_away = True

        def claim(
            self, limit: int, lease_s: float, reports: tuple[DeliveryReport, ...] = ()
        ) -> tuple[OutboxItem, ...]:
            if self.is_away:
                raise RecordsAway("gone")
            return ()

        def recover(self, account_sid: str | None = None, url: str | None = None) -> int:
            return 0

    now = datetime.now(UTC)
    item = OutboxItem(
        id="1",
        account_sid="AC",
        call_id="0" * 32,
        seq=1,
        kind="call-status",
        request=Request(Target("http://app.example/")),
        attempt=1,
        created=now,
        since=now,
        lease_until=now,
    )
    report = DeliveryReport(item=item, end=DeliveryEnd.DONE, at=now)
    meter, behind = Meter(), Unsteady()
    outbox = MeteredOutbox(behind, meter)
    with pytest.raises(RecordsAway):
        outbox.claim(1, 1.0, (report,))
    behind.is_away = False
    outbox.claim(1, 1.0, (report, replace(report, end=DeliveryEnd.RETRY)))
    assert samples_of(meter) == {
        ("offhook_outbox_attempts_total", "delivered"): 1,
        ("offhook_outbox_attempts_total", "failed"): 1,
    }


def samples_of(meter: Meter) -> dict[tuple[Any, ...], float]:
    """Each number by its name and the values of its labels."""
    return {
        (family["name"] + suffix, *labels.values()): value
        for family in meter.snapshot()
        for suffix, labels, value in family["samples"]
    }
