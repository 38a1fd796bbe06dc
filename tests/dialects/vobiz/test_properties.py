"""For whatever an application may answer: the reader says what it means, or says that it cannot."""

from dataclasses import replace
from xml.sax.saxutils import escape, quoteattr

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from offhook.call.errors import DocumentInvalid
from offhook.call.exchange import Reply
from offhook.dialects.vobiz import conference, dial, gather, get_digits, message, record
from offhook.dialects.vobiz.codes import Asked, cause_of
from offhook.dialects.vobiz.read import read
from offhook.verbs import (
    BargeIn,
    Conference,
    Dial,
    Document,
    FileFormat,
    Gather,
    Hangup,
    Input,
    Method,
    Pause,
    Play,
    RecogniserOptions,
    Record,
    Redirect,
    Say,
    SendKeys,
    SendMessage,
    Target,
    Verb,
    Wait,
)

TYPES = ("text/xml", "application/xml", "text/html", "")
MARKUP = st.lists(
    st.sampled_from(
        [
            *(
                "<Response>",
                "</Response>",
                "<Speak>",
                "</Speak>",
                "<Gather ",
                "action='http://a.b/'",
                ">",
                "/>",
            ),
            *(
                "<Dial>",
                "</Dial>",
                "<Number>",
                "</Number>",
                "<Record ",
                "startOnDialAnswer='true'",
                "<Hangup/>",
            ),
            *("<", "&", "&amp;", "&lol;", "&#0;", "<![CDATA[", "]]>", "<!--", "-->", "<?xml version='1.0'?>"),
            *(
                "<!DOCTYPE a [",
                "x:Speak",
                "xmlns='u'",
                "\n",
                "é",
                "\ufeff",
                "\x00",
                "http://[",
                "<PreAnswer>",
            ),
            *(
                "</PreAnswer>",
                "<Conference>",
                "</Conference>",
                "<Redirect>",
                "</Redirect>",
                "<User>",
                "</User>",
            ),
        ]
    ),
    max_size=40,
).map("".join)


def read_body(body: bytes, content_type: str = "text/xml") -> Document:
    headers = (("Content-Type", content_type),)
    return read(Reply(url="https://app.example/answer", status=200, headers=headers, body=body))


@given(body=st.binary(max_size=300) | MARKUP.map(str.encode), content_type=st.sampled_from(TYPES))
@example(body="<Response><Play>http://[::1</Play></Response>".encode("utf-16"), content_type="text/xml")
@example(body=b"<Response><Redirect>http://[v1.x]:80/</Redirect></Response>", content_type="text/xml")
def test_any_bytes_are_a_document_or_an_invalid_one_with_a_cause(body: bytes, content_type: str) -> None:
    fault = fault_of(body, content_type)
    if fault is not None:
        assert fault.line is None or fault.line >= 1
        assert cause_of(fault.code, Asked.ANSWER) is not None


def fault_of(body: bytes, content_type: str = "text/xml") -> DocumentInvalid | None:
    """Why `body` cannot be run; None where it can. Nothing but DocumentInvalid may be raised."""
    try:
        read_body(body, content_type)
    except DocumentInvalid as invalid:
        return invalid
    return None


def in_bounds(verb: Gather | Dial | Record | Conference) -> bool:
    match verb:
        case Gather():
            return (
                5 <= verb.start_timeout_s <= 60
                and 2 <= verb.key_timeout_s <= 10
                and (verb.speech_end_timeout_s is None or 2 <= verb.speech_end_timeout_s <= 10)
                and verb.max_keys is not None
                and 1 <= verb.max_keys <= 32
                and len(verb.finish_keys) <= 1
                and len(verb.hints) <= 500
                and bool(verb.inputs)
            )
        case Dial():
            return (
                verb.timeout_s >= 1 and 1 <= verb.time_limit_s <= 86_400 and len(verb.caller_name or "") <= 50
            )
        case Record():
            return verb.silence_s >= 1 and verb.max_length_s >= 1
        case Conference():
            return 1 <= verb.max_participants <= 200 and 1 <= verb.time_limit_s <= 86_400


PRINTABLE = st.text(max_size=30).map(
    lambda text: "".join(character for character in text if character.isprintable())
)
VALUES = st.one_of(
    PRINTABLE,
    st.integers().map(str),
    st.floats().map(str),
    st.sampled_from(
        ["true", "false", "auto", "none", "", "1,2", "a=b", "beep:1", "https://app.example/x", "0"]
    ),
)


@pytest.mark.parametrize(
    ("name", "known", "inside"),
    [
        ("Gather", gather._ATTRIBUTES, "<Speak>Well?</Speak>"),
        ("Dial", dial._ATTRIBUTES, "<Number>1</Number>"),
        ("Record", record._ATTRIBUTES, ""),
        ("Conference", (*conference._ATTRIBUTES, *conference._NOT_SERVED), "Room"),
    ],
)
def test_whatever_stands_in_an_attribute_leaves_a_verb_within_its_bounds(
    name: str, known: tuple[str, ...], inside: str
) -> None:
    fixed = {"action": "https://app.example/done", "method": "POST"}
    free = [attribute for attribute in known if attribute not in (*fixed, "startOnDialAnswer")]

    @given(values=st.dictionaries(st.sampled_from(free), VALUES, max_size=6))
    def holds(values: dict[str, str]) -> None:
        (verb,) = read_body(f"<Response>{element(name, inside, **fixed, **values)}</Response>".encode()).verbs
        assert isinstance(verb, Gather | Dial | Record | Conference)
        assert in_bounds(verb)

    holds()


@given(values=st.dictionaries(st.sampled_from(get_digits._ATTRIBUTES), VALUES, max_size=6))
@example(values={"retries": "3", "action": "https://app.example/x"})
def test_get_digits_asks_one_to_ten_times(values: dict[str, str]) -> None:
    body = f"<Response>{element('GetDigits', '', **values)}</Response>".encode()
    fault = fault_of(body)
    if fault is not None:
        assert cause_of(fault.code, Asked.ANSWER) in (7022, 7032)
        return
    verbs = read_body(body).verbs
    assert 1 <= len(verbs) <= 10
    assert len(set(verbs)) == 1


@given(values=st.dictionaries(st.sampled_from(message._ATTRIBUTES), VALUES, max_size=5))
@example(values={"dst": "<".join(str(number) for number in range(15_550_100, 15_550_140))})
def test_a_message_goes_to_twenty_at_most_and_ends_no_document(values: dict[str, str]) -> None:
    verbs = read_body(f"<Response>{element('Message', 'Hello', **values)}</Response>".encode()).verbs
    assert 1 <= len(verbs) <= 20
    assert all(isinstance(verb, SendMessage) and verb.body == "Hello" for verb in verbs)


# Every verb can be written so that it reads as itself.

VobizVerb = Say | Play | Pause | Wait | SendKeys | Gather | Redirect | Hangup | Record

WORDS = st.text(st.characters(codec="utf-8", exclude_categories=("C", "Z")), min_size=1, max_size=20).map(
    lambda text: " ".join(text.split()) or "x"
)
URLS = st.from_regex(
    r"\Ahttps?://[a-z]{1,9}\.example(:[1-9][0-9]{0,3})?/[a-z0-9/._%=&?;+-]{0,30}(#ct=[1-9]00)?\Z"
).map(lambda url: url.rstrip("?").replace("?#", "#"))
TARGETS = st.builds(Target, URLS, st.sampled_from(Method))
KEYS = st.text("0123456789*#", min_size=1, max_size=12)
LANGUAGES = st.sampled_from(["en-US", "fr-FR", "zh-Hant-TW"])
SAYS = st.builds(
    Say, text=WORDS, voice=st.sampled_from(["man", "woman"]), language=LANGUAGES, loop=st.integers(1, 9)
)
PLAYS = st.builds(Play, url=URLS, loop=st.integers(1, 9), is_skippable=st.just(True))
PAUSES = st.builds(Pause, length_s=st.integers(1, 99_999).map(float))
WAITS = st.builds(
    Wait, length_s=st.integers(31, 999).map(float), silence_s=st.integers(1, 30).map(float)
) | st.builds(Wait, length_s=st.integers(1, 999).map(float), for_beep=st.just(True))
HALVES = st.integers(4, 20).map(lambda halves: halves / 2)


@st.composite
def gathers(draw: st.DrawFn) -> Gather:
    total_s = float(draw(st.integers(5, 60)))
    return Gather(
        inputs=draw(st.frozensets(st.sampled_from(Input), min_size=1)),
        prompts=tuple(draw(st.lists(SAYS | PLAYS | PAUSES, max_size=3))),
        action=draw(TARGETS),
        follows_action=draw(st.booleans()),
        tells_no_input=True,
        start_timeout_s=total_s,
        total_timeout_s=total_s,
        key_timeout_s=draw(HALVES),
        speech_end_timeout_s=draw(st.none() | HALVES),
        finish_keys=frozenset(draw(st.text("0123456789*#", max_size=1))),
        max_keys=draw(st.integers(1, 32)),
        recogniser=RecogniserOptions(
            language=draw(LANGUAGES),
            hints=tuple(draw(st.lists(WORDS.filter(lambda word: "," not in word), max_size=5))),
            model=draw(st.none() | st.sampled_from(["phone_call", "telephony", "command_and_search"])),
            profanity_filter=draw(st.none() | st.just(True)),
        ),
        barge_in=BargeIn(words=1),
        partials_to=draw(st.none() | TARGETS),
        keeps_log=draw(st.booleans()),
    )


@st.composite
def records(draw: st.DrawFn) -> Record:
    callback = draw(st.none() | TARGETS)
    return Record(
        action=draw(st.none() | TARGETS),
        follows_action=draw(st.booleans()),
        callback=callback,
        silence_s=float(draw(st.integers(1, 999))),
        finish_keys=frozenset(draw(KEYS | st.just(""))),
        max_length_s=float(draw(st.integers(1, 9999))),
        has_beep=draw(st.booleans()),
        file_format=draw(st.sampled_from(FileFormat)),
    )


VERBS = (
    SAYS
    | PLAYS
    | PAUSES
    | WAITS
    | st.builds(
        SendKeys, keys=st.text("0123456789*#ABCDw", min_size=1, max_size=20), is_background=st.booleans()
    )
    | gathers()
    | records()
    | st.builds(Redirect, target=TARGETS)
    | st.builds(Hangup, after_s=st.integers(1, 9999).map(float))
)


def written(verb: VobizVerb) -> str:
    """`verb` as Vobiz XML."""
    match verb:
        case Say():
            return element(
                "Speak", escape(verb.text), voice=verb.voice.upper(), language=verb.language, loop=verb.loop
            )
        case Play():
            return element("Play", escape(verb.url), loop=verb.loop)
        case Pause():
            return element("Wait", "", length=int(verb.length_s))
        case Wait():
            quiet = (
                {}
                if verb.silence_s is None
                else {"silence": "true", "minSilence": int(verb.silence_s * 1000)}
            )
            return element("Wait", "", length=int(verb.length_s), beep=flag(verb.for_beep), **quiet)
        case SendKeys():
            return element("DTMF", verb.keys, **{"async": flag(verb.is_background)})
        case Redirect():
            return element("Redirect", escape(verb.target.url), method=verb.target.method)
        case Hangup():
            return element("Hangup", "", schedule=int(verb.after_s or 0))
        case Gather():
            return written_gather(verb)
        case Record():
            return written_record(verb)


def written_gather(verb: Gather) -> str:
    assert verb.action is not None
    options, partials, end_s = verb.recogniser, verb.partials_to, verb.speech_end_timeout_s
    return element(
        "Gather",
        "".join(written(prompt) for prompt in verb.prompts),
        action=verb.action.url,
        method=verb.action.method.lower(),
        inputType=" ".join(verb.inputs),
        executionTimeout=int(verb.start_timeout_s),
        digitEndTimeout=verb.key_timeout_s,
        speechEndTimeout="auto" if end_s is None else end_s,
        finishOnKey="".join(verb.finish_keys),
        numDigits=verb.max_keys,
        speechModel=options.model,
        hints=", ".join(options.hints) or None,
        language=options.language,
        interimSpeechResultsCallback=partials.url if partials else None,
        interimSpeechResultsCallbackMethod=partials.method if partials else None,
        log=flag(verb.keeps_log),
        redirect=flag(verb.follows_action),
        profanityFilter=flag(bool(options.profanity_filter)),
    )


def written_record(verb: Record) -> str:
    action, callback = verb.action, verb.callback
    return element(
        "Record",
        "",
        action=action.url if action else None,
        method=action.method if action else None,
        redirect=flag(verb.follows_action),
        callbackUrl=callback.url if callback else None,
        callbackMethod=callback.method if callback else None,
        timeout=int(verb.silence_s),
        finishOnKey="".join(verb.finish_keys),
        maxLength=int(verb.max_length_s),
        playBeep=flag(verb.has_beep),
        fileFormat=verb.file_format,
    )


def flag(value: bool) -> str:
    return str(value).lower()


def element(name: str, inside: str, **attributes: object) -> str:
    given_ones = (f" {key}={quoteattr(str(value))}" for key, value in attributes.items() if value is not None)
    return f"<{name}{''.join(given_ones)}>{inside}</{name}>"


@given(verbs=st.lists(VERBS, max_size=4))
@example(verbs=[Say(text="]]> & <x>", voice="woman", language="en-US")])
def test_what_is_written_reads_as_itself(verbs: list[VobizVerb]) -> None:
    body = f"<Response>{''.join(written(verb) for verb in verbs)}</Response>".encode()
    document = read_body(body)
    assert document.problems == ()
    assert tuple(without_lines(verb) for verb in document.verbs) == tuple(verbs)


def without_lines(verb: Verb) -> Verb:
    """`verb` as if it had no place in a document."""
    if isinstance(verb, Gather):
        prompts = tuple(replace(prompt, line=None) for prompt in verb.prompts)
        return replace(verb, prompts=prompts, line=None)
    return replace(verb, line=None)
