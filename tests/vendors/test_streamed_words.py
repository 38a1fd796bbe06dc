"""Words of any vendor, made fit to be kept and told."""

import pytest

from offhook.speech.recogniser import Final, Partial, SpeechEvent, SpeechStarted
from offhook.vendors.streamed import StreamedRecognition, VendorFailed


async def told(recognition: StreamedRecognition) -> list[SpeechEvent]:
    recognition.tell(VendorFailed("enough").event)
    return [event async for event in recognition][:-1]


async def test_what_no_database_keeps_and_no_xml_holds_is_left_out_of_words() -> None:
    recognition = StreamedRecognition("some")
    recognition.partial("sa\ud800les \x00")
    recognition.final("\x07 sa\ud800les\n\x1b now ")
    recognition.final("\x00")
    assert await told(recognition) == [SpeechStarted(), Partial("sa les"), Final("sa les now")]


@pytest.mark.parametrize("written", [float("inf"), float("nan"), -4.5, 1.5])
async def test_a_confidence_beyond_zero_and_one_is_none(written: float) -> None:
    recognition = StreamedRecognition("some")
    recognition.final("sales", written)
    assert await told(recognition) == [SpeechStarted(), Final("sales", None)]
