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
    BargeIn,
    Continuous,
    Document,
    EarKind,
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
    VoiceDetection,
)
from offhook.verbs.recogniser_options import FilterMethod, OutputFormat, Profanity

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
    name=st.sampled_from(
        [
            *("loop", "language", "voice", "length", "numDigits", "timeout", "provider", "model"),
            *("recognizer", "hintsBoost", "altLanguages", "azureServiceEndpoint", "vocabularyName", "log"),
            *("bargeIn", "bargeInVoiceMs", "vadMode", "asrTimeout", "asrDtmfTerminationDigit", "minDigits"),
        ]
    ),
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
) | st.builds(
    Say,
    text=WORDS,
    vendors=st.lists(st.sampled_from(["google", "custom:mine", "embedded"]), min_size=1, unique=True).map(
        tuple
    ),
    voice=st.sampled_from(["Joanna", "en-GB-Wavenet-B", "man", "", "Rückert"]),
    model=st.sampled_from(["", "neural", "turbo v2"]),
    language=LANGUAGES,
)
PLAYS = st.builds(Play, url=URLS, loop=st.integers(0, 9))
PAUSES = st.builds(Pause, length_s=SECONDS)


MILLISECONDS = st.integers(0, 60_000).map(lambda count: count / 1000)
NAMES = st.from_regex(r"\A[A-Za-z0-9]([A-Za-z0-9 ._/-]{0,30}[A-Za-z0-9])?\Z")
OPTIONS = st.builds(
    RecogniserOptions,
    language=st.sampled_from(["en-US", "it-IT", "yue-Hant-HK"]),
    hints=HINTS,
    hints_boost=st.none() | st.integers(0, 200).map(lambda tenths: tenths / 10),
    alternative_languages=st.lists(LANGUAGES, max_size=3, unique=True).map(tuple),
    punctuation=st.none() | st.booleans(),
    profanity_filter=st.none() | st.booleans(),
    model=st.none() | NAMES,
    single_utterance=st.booleans(),
    vocabulary_name=st.none() | NAMES,
    vocabulary_filter_name=st.none() | NAMES,
    vocabulary_filter_method=st.none() | st.sampled_from(FilterMethod),
    profanity=st.none() | st.sampled_from(Profanity),
    output_format=st.none() | st.sampled_from(OutputFormat),
    request_snr=st.booleans(),
    initial_speech_timeout_s=st.none() | MILLISECONDS,
)
BARGE_INS = st.builds(
    BargeIn,
    on_keys=st.booleans(),
    on_speech=st.booleans(),
    words=st.integers(0, 9),
    voice_s=MILLISECONDS,
    resumes=st.booleans(),
)
DETECTIONS = st.builds(
    VoiceDetection,
    kind=st.sampled_from(EarKind),
    mode=st.integers(0, 3),
    gates_recogniser=st.booleans(),
    voice_s=MILLISECONDS,
)
CONTINUOUS = st.builds(Continuous, pause_s=SECONDS, end_key=st.none() | st.sampled_from("0123456789*#"))


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
        max_speech_s=draw(SECONDS),
        start_keys=draw(KEYS),
        finish_keys=draw(KEYS | st.just(frozenset())),
        max_keys=draw(st.none() | st.integers(9, 99)),
        min_keys=draw(st.integers(1, 9)),
        recogniser=draw(OPTIONS),
        recognisers=tuple(draw(st.lists(st.sampled_from(["Google", "custom:mine"]), unique=True))),
        barge_in=draw(BARGE_INS),
        listens_during_prompts=draw(st.booleans()),
        voice_detection=draw(DETECTIONS),
        continuous=draw(st.none() | CONTINUOUS),
        keeps_log=draw(st.booleans()),
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
            return element(
                "Say",
                escape(verb.text),
                voice=verb.voice,
                language=verb.language,
                loop=verb.loop,
                provider=" ".join(verb.vendors) or None,
                model=verb.model or None,
            )
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
        partialResultCallback=partials.url if partials else None,
        partialResultCallbackMethod=partials.method if partials else None,
        actionOnEmptyResult=verb.act_on_empty,
        recognizer=", ".join(verb.recognisers) or None,
        minDigits=verb.min_keys,
        maxSpeechTime=verb.max_speech_s,
        log=verb.keeps_log,
        **options_of(verb.recogniser),
        **turns_of(verb),
    )


def options_of(options: RecogniserOptions) -> dict[str, object]:
    return {
        "language": options.language,
        "hints": ", ".join(options.hints),
        "hintsBoost": options.hints_boost,
        "altLanguages": " ".join(options.alternative_languages) or None,
        "speechModel": options.model,
        "punctuation": options.punctuation,
        "profanityFilter": options.profanity_filter,
        "profanityOption": options.profanity,
        "singleUtterance": options.single_utterance,
        "vocabularyName": options.vocabulary_name,
        "vocabularyFilterName": options.vocabulary_filter_name,
        "filterMethod": options.vocabulary_filter_method,
        "outputFormat": options.output_format,
        "requestSnr": options.request_snr,
        "initialSpeechTimeoutMs": milliseconds(options.initial_speech_timeout_s),
    }


def turns_of(verb: Gather) -> dict[str, object]:
    barge_in, detection, continuous = verb.barge_in, verb.voice_detection, verb.continuous
    kinds = {
        (True, True): "true",
        (True, False): "dtmf",
        (False, True): "speech",
        (False, False): "false",
    }
    return {
        "bargeIn": kinds[barge_in.on_keys, barge_in.on_speech],
        "minBargeInWords": barge_in.words,
        "bargeInVoiceMs": milliseconds(barge_in.voice_s),
        "resumePrompt": barge_in.resumes,
        "listenDuringPrompt": verb.listens_during_prompts,
        "vadKind": detection.kind,
        "vadMode": detection.mode,
        "vadGate": detection.gates_recogniser,
        "vadVoiceMs": milliseconds(detection.voice_s),
        "asrTimeout": continuous and continuous.pause_s,
        "asrDtmfTerminationDigit": continuous and continuous.end_key,
    }


def milliseconds(seconds: float | None) -> int | None:
    return None if seconds is None else round(seconds * 1000)


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
