"""Every option of a recogniser: found in each vendor's request on the wire, or told to be passed over."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from structlog.testing import capture_logs

from offhook.speech.recogniser import RecogniserCapabilities, RecogniserOptions
from offhook.vendors.aws.recogniser import AwsRecogniser
from offhook.vendors.aws.signing import Credentials
from offhook.vendors.custom import CustomRecogniser
from offhook.vendors.deepgram import STOP, DeepgramRecogniser
from offhook.vendors.google import GoogleRecogniser
from offhook.vendors.google_v2 import GoogleV2
from offhook.vendors.microsoft import MicrosoftRecogniser
from offhook.verbs.recogniser_options import (
    OPTIONAL,
    FilterMethod,
    OutputFormat,
    Profanity,
    asked_for,
    unhonoured,
)
from tests.vendors.custom_server import custom_server
from tests.vendors.google_server import google_server
from tests.vendors.hearing import heard
from tests.vendors.microsoft_server import microsoft_server
from tests.vendors.test_aws import is_stop
from tests.vendors.test_wyoming import wyoming
from tests.vendors.websocket_server import websocket_server

ALL = RecogniserOptions(
    language="fr-FR",
    partials=True,
    hints=("ventes", "aide"),
    hints_boost=7.5,
    alternative_languages=("de-DE", "it-IT"),
    punctuation=True,
    profanity_filter=True,
    model="phone_call",
    single_utterance=True,
    vocabulary_name="products",
    vocabulary_filter_name="rude",
    vocabulary_filter_method=FilterMethod.MASK,
    profanity=Profanity.REMOVED,
    output_format=OutputFormat.DETAILED,
    request_snr=True,
    initial_speech_timeout_s=4.5,
)
"""All but `service_endpoint`, which is an address of its own."""

RECOGNIZER = "projects/voice/locations/global/recognizers/_"
Wire = dict[str, Any]
"""What was found in a request, by the name of the option."""


async def google() -> tuple[Wire, RecogniserCapabilities]:
    async with google_server() as server:
        recogniser = GoogleRecogniser(endpoint=server.endpoint)
        await heard(recogniser, options=ALL)
        await recogniser.close()
    stream = server.streams[0].config
    assert stream is not None
    config = stream.config
    [context] = config.speech_contexts
    return {
        "language": config.language_code,
        "partials": stream.interim_results,
        "hints": tuple(context.phrases),
        "hints_boost": context.boost,
        "alternative_languages": tuple(config.alternative_language_codes),
        "punctuation": config.enable_automatic_punctuation,
        "profanity_filter": config.profanity_filter,
        "model": config.model,
        "single_utterance": stream.single_utterance,
        "initial_speech_timeout_s": stream.voice_activity_timeout.speech_start_timeout.total_seconds(),
    }, recogniser.capabilities


async def google_v2() -> tuple[Wire, RecogniserCapabilities]:
    async with google_server(api="v2") as server:
        recogniser = GoogleRecogniser(endpoint=server.endpoint, api=GoogleV2(RECOGNIZER))
        await heard(recogniser, options=ALL)
        await recogniser.close()
    [stream] = server.streams
    assert stream.recognizer == RECOGNIZER
    config, features = stream.config.config, stream.config.streaming_features
    [adaptation] = config.adaptation.phrase_sets
    language, *alternatives = config.language_codes
    return {
        "language": language,
        "partials": features.interim_results,
        "hints": tuple(phrase.value for phrase in adaptation.inline_phrase_set.phrases),
        "hints_boost": adaptation.inline_phrase_set.boost,
        "alternative_languages": tuple(alternatives),
        "punctuation": config.features.enable_automatic_punctuation,
        "profanity_filter": config.features.profanity_filter,
        "model": config.model,
        "single_utterance": True,  # ours to end: test_google_v2.py
        "initial_speech_timeout_s": features.voice_activity_timeout.speech_start_timeout.total_seconds(),
    }, recogniser.capabilities


async def deepgram() -> tuple[Wire, RecogniserCapabilities]:
    async with websocket_server(is_stop=lambda message: message == STOP) as server:
        recogniser = DeepgramRecogniser("a-key", model="nova-2", url=server.url)
        await heard(recogniser, options=ALL)
    asked = dict(server.connections[0].query)
    hints = [value.split(":") for name, value in server.connections[0].query if name == "keywords"]
    return {
        "language": asked["language"],
        "partials": asked["interim_results"] == "true",
        "hints": tuple(words for words, _ in hints),
        "hints_boost": {float(boost) for _, boost in hints}.pop(),
        "punctuation": asked["punctuate"] == "true",
        "profanity_filter": asked["profanity_filter"] == "true",
        "model": asked["model"],
        "single_utterance": True,  # ours to end: test_deepgram.py
    }, recogniser.capabilities


async def aws() -> tuple[Wire, RecogniserCapabilities]:
    async with websocket_server(is_stop=is_stop) as server:
        recogniser = AwsRecogniser(region="eu-west-1", url=server.url, credentials=Credentials("a", "b"))
        await heard(recogniser, options=ALL)
    asked = dict(server.connections[0].query)
    return {
        "language": asked["language-code"],
        "vocabulary_name": asked["vocabulary-name"],
        "vocabulary_filter_name": asked["vocabulary-filter-name"],
        "vocabulary_filter_method": asked["vocabulary-filter-method"],
    }, recogniser.capabilities


async def microsoft() -> tuple[Wire, RecogniserCapabilities]:
    async with microsoft_server() as server:
        recogniser = MicrosoftRecogniser("a-key", host=server.host)
        await heard(recogniser, options=ALL)
    connection = server.connections[0]
    context, asked = connection.told["speech.context"], connection.query
    output = context["phraseOutput"]
    languages = context["languageId"]["languages"]
    return {
        "language": languages[0],
        "alternative_languages": tuple(languages[1:]),
        "hints": tuple(item["Text"] for item in context["dgi"]["Groups"][0]["Items"]),
        "punctuation": asked["punctuation"] == "intelligent",
        "profanity": asked["profanity"],
        "profanity_filter": asked["profanity"] != "raw",
        "output_format": asked["format"],
        "request_snr": "SNR" in output["detailed"]["options"],
        "initial_speech_timeout_s": int(asked["initialSilenceTimeoutMs"]) / 1000,
    }, recogniser.capabilities


async def custom() -> tuple[Wire, RecogniserCapabilities]:
    async with custom_server() as server:
        recogniser = CustomRecogniser("mine", server.url)
        await heard(recogniser, options=ALL)
    start = server.connections[0].start
    told = start["options"]
    return {
        "language": start["language"],
        "partials": start["interimResults"],
        "hints": tuple(told["hints"]),
        "hints_boost": told["hintsBoost"],
        "alternative_languages": tuple(told["altLanguages"]),
        "punctuation": told["punctuation"],
        "profanity_filter": told["profanityFilter"],
        "model": told["model"],
        "single_utterance": told["singleUtterance"],
        "vocabulary_name": told["vocabularyName"],
        "vocabulary_filter_name": told["vocabularyFilterName"],
        "vocabulary_filter_method": told["filterMethod"],
        "profanity": told["profanityOption"],
        "output_format": told["outputFormat"],
        "request_snr": told["requestSnr"],
        "initial_speech_timeout_s": told["initialSpeechTimeoutMs"] / 1000,
    }, recogniser.capabilities


async def local_server() -> tuple[Wire, RecogniserCapabilities]:
    async with wyoming() as (seen, recogniser), recogniser.listen(ALL) as recognition:
        recognition.finish()
        while not seen.of_type("transcribe"):
            await seen.changed.wait()
    [asked] = seen.of_type("transcribe")
    return {"language": asked.data["language"] + "-FR", "model": asked.data["name"]}, recogniser.capabilities


VENDORS: dict[str, Callable[[], Awaitable[tuple[Wire, RecogniserCapabilities]]]] = {
    "google": google,
    "google v2": google_v2,
    "deepgram": deepgram,
    "aws": aws,
    "microsoft": microsoft,
    "custom": custom,
    "wyoming": local_server,
}


@pytest.mark.parametrize("vendor", VENDORS)
async def test_every_option_is_on_the_wire_or_told_to_be_passed_over(vendor: str) -> None:
    with capture_logs() as logs:
        wire, capabilities = await VENDORS[vendor]()
    assert wire == {name: getattr(ALL, name) for name in wire}
    assert asked_for(ALL) & capabilities.options == wire.keys() - {"language", "partials"}
    passed_over = [entry["options"] for entry in logs if entry["event"] == "recogniser.options_unhonoured"]
    left = unhonoured(ALL, capabilities.options)
    assert passed_over == ([left] if left else [])


async def test_an_endpoint_of_its_own_is_where_the_vendor_goes() -> None:
    async with microsoft_server() as server:
        options = RecogniserOptions(service_endpoint=f"{server.host}/speech/universal/v2?cid=trained")
        await heard(MicrosoftRecogniser("a-key", host=server.host), options=options)
    assert server.connections[0].path.startswith("/speech/universal/v2?")
    assert server.connections[0].query["cid"] == "trained"


def test_the_table_has_all_options() -> None:
    assert asked_for(ALL) | {"service_endpoint"} == OPTIONAL


def test_what_was_not_asked_for_is_not_told_to_be_passed_over() -> None:
    assert unhonoured(RecogniserOptions(language="de-DE", partials=True), ()) == ()
    assert unhonoured(RecogniserOptions(hints=("a",), punctuation=False), ("hints",)) == ("punctuation",)
