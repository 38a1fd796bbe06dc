"""Say: its voices, and the SSML that may stand in it."""

import pytest

from offhook.call.exchange import Reply
from offhook.dialects.rcml.dialect import Rcml
from offhook.verbs import Document, Gather, Say


def read(body: str) -> Document:
    reply = Reply(
        url="http://app.example/voice",
        status=200,
        headers=(("Content-Type", "text/xml"),),
        body=f"<Response>{body}</Response>".encode(),
    )
    return Rcml(instance_id=32 * "0").read(reply)


def say(body: str) -> Say:
    (verb,) = read(body).verbs
    assert isinstance(verb, Say)
    return verb


@pytest.mark.parametrize(
    "inside",
    [
        "Wait <break time='1s'/> here",
        "<speak>Wait <break time='1s'/> here</speak>",
        "<![CDATA[<speak>Wait <break time='1s'/> here</speak>]]>",
        "&lt;speak&gt;Wait &lt;break time='1s'/&gt; here&lt;/speak&gt;",
    ],
)
def test_ssml_may_stand_in_a_say_in_every_way_applications_write_it(inside: str) -> None:
    document = read(f"<Say>{inside}</Say>")
    assert document.problems == ()
    (verb,) = document.verbs
    assert isinstance(verb, Say)
    assert verb.text == "Wait here"
    assert verb.markup == '<speak>Wait <break time="1s"/> here</speak>'


def test_ssml_in_a_gather_is_read_too() -> None:
    (gather,) = read("<Gather><Say>a<emphasis>b</emphasis></Say></Gather>").verbs
    assert isinstance(gather, Gather)
    assert gather.prompts == (
        Say(text="ab", markup="<speak>a<emphasis>b</emphasis></speak>", voice="man", line=1),
    )


def test_what_is_left_out_is_told_once_for_a_document() -> None:
    document = read("<Say>a <audio src='x.wav'>bell</audio></Say><Say><audio src='y.wav'/>b</Say>")
    assert [verb.markup for verb in document.verbs if isinstance(verb, Say)] == ["", ""]
    [problem] = document.problems
    assert problem.message == "Line 1: in <Say>, <audio> was left out; only its text is spoken."


def test_ssml_that_is_none_is_spoken_without_its_marks() -> None:
    document = read("<Say><![CDATA[<speak>Hello <b>you</speak>]]></Say>")
    (verb,) = document.verbs
    assert isinstance(verb, Say)
    assert (verb.text, verb.markup) == ("Hello you", "")
    [problem] = document.problems
    assert problem.message.startswith("Line 1: the SSML in <Say> cannot be read (")


def test_a_say_of_nothing_but_a_pause_is_one() -> None:
    assert say("<Say><break time='2s'/></Say>").markup == '<speak><break time="2s"/></speak>'
    assert read("<Say><p/></Say>").verbs == ()


@pytest.mark.parametrize(
    ("attributes", "voice", "language"),
    [
        ("", "man", "en"),
        ("voice='WOMAN' language='bp'", "woman", "pt-BR"),
        ("voice='Polly.Celine'", "woman", "fr-FR"),
        ("voice='Polly.Celine' language='de'", "woman", "de"),
        ("voice='en-GB-Wavenet-B'", "man", "en-GB"),
        ("voice='robot'", "man", "en"),
    ],
)
def test_every_name_of_a_voice_finds_a_speaker(attributes: str, voice: str, language: str) -> None:
    verb = say(f"<Say {attributes}>a</Say>")
    assert (verb.voice, verb.language) == (voice, language)


def test_a_voice_from_elsewhere_is_told() -> None:
    [problem] = read("<Say voice='Polly.Amy'>a</Say>").problems
    assert (problem.code, problem.message) == (
        13511,
        'Line 1: voice="Polly.Amy" of <Say> is not "man" or "woman"; "woman" is nearest and is used.',
    )
