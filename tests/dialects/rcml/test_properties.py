"""For whatever an application may answer: the reader says what it means, or says that it cannot."""

from dataclasses import replace
from xml.sax.saxutils import escape, quoteattr

from hypothesis import example, given
from hypothesis import strategies as st

from offhook.call.errors import DocumentInvalid
from offhook.call.exchange import Reply
from offhook.dialects.rcml.dialect import Rcml
from offhook.dialects.rcml.prompts import DEFAULT_LANGUAGE, DEFAULT_VOICE
from offhook.verbs import (
    Document,
    Gather,
    Hangup,
    Input,
    Method,
    Pause,
    Play,
    RecogniserOptions,
    Redirect,
    Reject,
    Say,
    Target,
    Verb,
)

RCML = Rcml(instance_id="0" * 32)
URL = "http://app.example/ivr/menu"
TYPES = ("text/xml", "application/xml", "text/html", "text/plain", "audio/wav", "application/json", "")

MARKUP = st.lists(
    st.sampled_from(
        [
            *(
                "<Response>",
                "</Response>",
                "<Say>",
                "</Say>",
                "<Gather ",
                "input='speech'",
                "numDigits=",
                "'1'",
                ">",
            ),
            *(
                "/>",
                "<",
                ">",
                "&",
                "&amp;",
                "&lol;",
                "&#0;",
                "&#x41;",
                "<![CDATA[",
                "]]>",
                "<!--",
                "-->",
                "<?",
                "?>",
            ),
            *(
                "<?xml version='1.0'?>",
                "<?xml version='1.0' encoding='utf-16'?>",
                "<!DOCTYPE a [",
                "<!ENTITY a 'b'>",
            ),
            *(
                "x:Say",
                "xmlns='u'",
                "\n",
                " ",
                "é",
                "\ufeff",
                "\x00",
                "http://[",
                "<Play>",
                "</Play>",
                "<Pause length='",
            ),
        ]
    ),
    max_size=40,
).map("".join)


def read(body: bytes, content_type: str = "text/xml") -> Document:
    return RCML.read(Reply(url=URL, status=200, headers=(("Content-Type", content_type),), body=body))


@given(body=st.binary(max_size=300) | MARKUP.map(str.encode), content_type=st.sampled_from(TYPES))
@example(body="<Response><Play>http://[::1</Play></Response>".encode("utf-16"), content_type="text/xml")
@example(body=b"<Response><Play>http://app\xe2\x84\x80example/</Play></Response>", content_type="text/xml")
@example(body=b"<Response><Play>http://[v1.x]:80/</Play></Response>", content_type="text/xml")
def test_any_bytes_are_a_document_or_an_invalid_one(body: bytes, content_type: str) -> None:
    line, column = position_of_fault(body, content_type)
    assert line is None or line >= 1
    assert column is None or column >= 1


def position_of_fault(body: bytes, content_type: str) -> tuple[int | None, int | None]:
    """Where `body` is invalid, as far as that can be said. Nothing but DocumentInvalid may be raised."""
    try:
        read(body, content_type)
    except DocumentInvalid as invalid:
        return invalid.line, invalid.column
    return None, None


@given(
    value=st.text(max_size=40),
    name=st.sampled_from(["loop", "language", "voice", "length", "numDigits", "timeout"]),
)
def test_any_attribute_value_leaves_a_runnable_verb(value: str, name: str) -> None:
    clean = "".join(character for character in value if character.isprintable())
    for verb in ("Say", "Play", "Pause", "Gather"):
        body = f"<Response><{verb} {name}={quoteattr(clean)}>x</{verb}></Response>".encode()
        (read_verb,) = read(body).verbs
        assert type(read_verb).__name__ == verb


# Every verb can be written so that it reads as itself.

RcmlVerb = Say | Play | Pause | Gather | Redirect | Hangup | Reject

WORDS = st.text(st.characters(codec="utf-8", exclude_categories=("C", "Z")), min_size=1, max_size=20).map(
    lambda text: " ".join(text.split()) or "x"
)
URLS = st.from_regex(r"\Ahttps?://[a-z]{1,9}\.example(:[1-9][0-9]{0,3})?/[a-z0-9/._%=&?;+-]{0,30}\Z").map(
    lambda url: url.rstrip("?")
)
TARGETS = st.builds(Target, URLS, st.sampled_from(Method))
SECONDS = st.integers(1, 99_999).map(lambda tenths: tenths / 10)
LANGUAGES = st.sampled_from(["en", "fr", "en-gb", "pt-BR", "zh-cn"])
KEYS = st.frozensets(st.sampled_from("0123456789*#"), min_size=1)
HINTS = st.lists(WORDS.filter(lambda word: "," not in word), max_size=5).map(tuple)

SAYS = st.builds(
    Say, text=WORDS, voice=st.sampled_from(["man", "woman"]), language=LANGUAGES, loop=st.integers(0, 9)
)
PLAYS = st.builds(Play, url=URLS, loop=st.integers(0, 9))
PAUSES = st.builds(Pause, length_s=SECONDS)


@st.composite
def gathers(draw: st.DrawFn) -> Gather:
    after_s = draw(SECONDS)
    return Gather(
        inputs=draw(st.frozensets(st.sampled_from(Input), min_size=1)),
        prompts=tuple(draw(st.lists(SAYS | PLAYS | PAUSES, max_size=3))),
        action=draw(TARGETS),
        start_timeout_s=draw(SECONDS),
        key_timeout_s=after_s,
        speech_end_timeout_s=after_s,
        start_keys=draw(KEYS),
        finish_keys=draw(KEYS | st.just(frozenset())),
        max_keys=draw(st.none() | st.integers(1, 99)),
        recogniser=RecogniserOptions(
            language=draw(st.sampled_from(["en-US", "it-IT", "yue-Hant-HK"])), hints=draw(HINTS)
        ),
        partials_to=draw(st.none() | TARGETS),
        act_on_empty=draw(st.booleans()),
    )


VERBS = (
    SAYS
    | PLAYS
    | PAUSES
    | gathers()
    | st.builds(Redirect, target=TARGETS)
    | st.just(Hangup())
    | st.sampled_from([Reject(sip_status=486), Reject(sip_status=603)])
)


def written(verb: RcmlVerb) -> str:
    """`verb` as RCML."""
    match verb:
        case Say():
            return element("Say", escape(verb.text), voice=verb.voice, language=verb.language, loop=verb.loop)
        case Play():
            return element("Play", escape(verb.url), loop=verb.loop)
        case Pause():
            return element("Pause", "", length=verb.length_s)
        case Redirect():
            return element("Redirect", escape(verb.target.url), method=verb.target.method)
        case Hangup():
            return element("Hangup", "")
        case Reject():
            return element("Reject", "", reason="busy" if verb.sip_status == 486 else "rejected")
        case Gather():
            return written_gather(verb)


def written_gather(verb: Gather) -> str:
    assert verb.action is not None
    partials = verb.partials_to
    return element(
        "Gather",
        "".join(written(prompt) for prompt in verb.prompts),
        input=" ".join(verb.inputs),
        action=verb.action.url,
        method=verb.action.method,
        preTimeout=verb.start_timeout_s,
        postTimeout=verb.key_timeout_s,
        startInputKey="".join(verb.start_keys),
        finishOnKey="".join(verb.finish_keys),
        numDigits=verb.max_keys,
        language=verb.language,
        hints=", ".join(verb.hints),
        partialResultCallback=partials.url if partials else None,
        partialResultCallbackMethod=partials.method if partials else None,
        actionOnEmptyResult=verb.act_on_empty,
    )


def element(name: str, inside: str, **attributes: object) -> str:
    given_ones = (f" {key}={quoteattr(str(value))}" for key, value in attributes.items() if value is not None)
    return f"<{name}{''.join(given_ones)}>{inside}</{name}>"


@given(verbs=st.lists(VERBS, max_size=4))
@example(verbs=[Say(text="]]> & <x>", voice=DEFAULT_VOICE, language=DEFAULT_LANGUAGE)])
def test_what_is_written_as_rcml_reads_as_itself(verbs: list[RcmlVerb]) -> None:
    body = f"<Response>{''.join(written(verb) for verb in verbs)}</Response>".encode()
    document = read(body)
    assert document.problems == ()
    assert tuple(without_lines(verb) for verb in document.verbs) == tuple(verbs)


def without_lines(verb: Verb) -> Verb:
    """`verb` as if it had no place in a document."""
    if isinstance(verb, Gather):
        prompts = tuple(replace(prompt, line=None) for prompt in verb.prompts)
        return replace(verb, prompts=prompts, line=None)
    return replace(verb, line=None)
