"""What is kept of an utterance for the case that its process dies: the audio, and what was told of it."""

from hypothesis import given
from hypothesis import strategies as st

from offhook.speech.recogniser import Final, Partial, SpeechEnded, SpeechEvent, SpeechStarted
from offhook.vendors.embedded.kept_audio import FRAMES_BEFORE_SPEECH, MOST_FRAMES, KeptAudio
from offhook.vendors.embedded.told_events import ToldEvents


def frame(number: int) -> bytes:
    return number.to_bytes(4, "big")


def fill(audio: KeptAudio, count: int, *, start: int = 0) -> None:
    for number in range(start, start + count):
        audio.add(frame(number))


def taken(audio: KeptAudio) -> list[int]:
    return [int.from_bytes(each, "big") for each in iter(audio.take, None)]


class TestAudio:
    def test_it_comes_out_in_order_and_once(self) -> None:
        audio = KeptAudio()
        fill(audio, 5)
        assert (taken(audio), taken(audio), audio.waiting, audio.sent) == ([0, 1, 2, 3, 4], [], 0, 5)

    def test_another_process_gets_it_from_its_beginning(self) -> None:
        audio = KeptAudio()
        fill(audio, 5)
        taken(audio)
        fill(audio, 2, start=5)
        audio.rewind()
        assert (audio.waiting, taken(audio)) == (7, list(range(7)))

    def test_what_was_sent_makes_room_and_is_not_lost(self) -> None:
        audio = KeptAudio()
        for number in range(MOST_FRAMES + 10):
            audio.add(frame(number))
            taken(audio)
        audio.rewind()
        assert (audio.lost, taken(audio)) == (0, list(range(10, MOST_FRAMES + 10)))

    def test_what_nobody_takes_is_lost_from_its_beginning_and_counted(self) -> None:
        audio = KeptAudio()
        fill(audio, MOST_FRAMES + 7)
        assert (audio.lost, taken(audio)) == (7, list(range(7, MOST_FRAMES + 7)))

    def test_of_silence_only_the_last_is_kept(self) -> None:
        audio = KeptAudio()
        fill(audio, 600)
        taken(audio)
        fill(audio, 3, start=600)
        audio.forget_silence(unheard=20)
        audio.rewind()
        assert taken(audio) == list(range(600 - 20 - FRAMES_BEFORE_SPEECH, 603))

    def test_what_may_not_have_been_heard_is_no_silence(self) -> None:
        audio = KeptAudio()
        fill(audio, 600)
        taken(audio)
        audio.forget_silence(unheard=600)
        assert audio.sent == 600

    @given(st.lists(st.sampled_from(["add", "take", "rewind", "forget"]), max_size=200), st.integers(0, 30))
    def test_whatever_happens_frames_stay_in_order_and_without_gaps(
        self, steps: list[str], unheard: int
    ) -> None:
        audio, added = KeptAudio(), 0
        for step in steps:
            match step:
                case "add":
                    fill(audio, 100, start=added)
                    added += 100
                case "take":
                    taken(audio)
                case "rewind":
                    audio.rewind()
                case "forget":
                    audio.forget_silence(unheard=unheard)
        audio.rewind()
        kept = taken(audio)
        assert kept == list(range(added - len(kept), added))
        assert len(kept) >= min(added, FRAMES_BEFORE_SPEECH)


def told(events: ToldEvents, *happened: SpeechEvent) -> list[SpeechEvent]:
    return [event for event in map(events.news, happened) if event is not None]


class TestEvents:
    def test_of_one_process_all_are_told(self) -> None:
        happened = (SpeechStarted(), Partial("sa"), Partial("sales"), Final("sales", 0.9), SpeechEnded())
        assert told(ToldEvents(), *happened) == list(happened)

    def test_what_another_process_says_anew_is_not_told_again(self) -> None:
        events = ToldEvents()
        told(events, SpeechStarted(), Partial("report"), Partial("report a"))
        events.repeat()
        assert told(events, SpeechStarted(), Partial("report"), Partial("report a")) == []
        assert events.catch_up() is None
        assert told(events, Partial("report a card"), Final("report a card")) == [
            Partial("report a card"),
            Final("report a card"),
        ]

    def test_one_that_has_understood_less_runs_nothing_backwards(self) -> None:
        events = ToldEvents()
        told(events, SpeechStarted(), Partial("report a"))
        events.repeat()
        told(events, SpeechStarted(), Partial("report"))
        assert events.catch_up() is None

    def test_one_that_has_understood_something_else_by_then_is_told(self) -> None:
        events = ToldEvents()
        told(events, SpeechStarted(), Partial("report a"))
        events.repeat()
        told(events, SpeechStarted(), Partial("report"), Partial("opening"))
        assert events.catch_up() == Partial("opening")
        assert events.catch_up() is None

    def test_the_result_is_told_even_before_all_was_heard_again(self) -> None:
        events = ToldEvents()
        events.repeat()
        assert told(events, SpeechStarted(), Final("yes")) == [SpeechStarted(), Final("yes")]
        assert events.has_final
