"""Google's API v2: what it is asked, and what it answers.

https://cloud.google.com/speech-to-text/v2/docs/reference/rpc/google.cloud.speech.v2
"""

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from offhook.speech.pcm import SAMPLE_RATE_HZ
from offhook.speech.recogniser import RecogniserOptions
from offhook.vendors.google_answer import Answer, Result
from offhook.vendors.google_v1 import OPTIONS

if TYPE_CHECKING:
    from google.cloud import speech_v2

EVERYWHERE = "global"
"""The location that needs no address of its own."""


class GoogleV2:
    """Fills `google.GoogleApi`. `recognizer`: `projects/P/locations/L/recognizers/R`, with `_` for R where none is kept there."""

    options = OPTIONS
    ends_single_utterances = False

    def __init__(self, recognizer: str) -> None:
        self._recognizer = recognizer

    @property
    def host(self) -> str | None:
        """Where that location answers; None for the usual address."""
        location = self._recognizer.split("/")[3]
        return None if location == EVERYWHERE else f"{location}-speech.googleapis.com"

    def load(self) -> None:
        """Import the library."""
        from google.cloud import speech_v2 as _  # noqa: F401

    def client(self, channel: Any, *, credentials: Any, client_options: Any) -> "speech_v2.SpeechAsyncClient":
        """The client, over a channel where there is one."""
        from google.cloud import speech_v2 as speech
        from google.cloud.speech_v2.services.speech.transports import SpeechGrpcAsyncIOTransport

        if channel is not None:
            return speech.SpeechAsyncClient(transport=SpeechGrpcAsyncIOTransport(channel=channel))
        return speech.SpeechAsyncClient(credentials=credentials, client_options=client_options)

    def opening(self, options: RecogniserOptions, model: str) -> "speech_v2.StreamingRecognizeRequest":
        """How to listen: the first request of a stream. `model` is used unless the options name one."""
        from google.cloud import speech_v2 as speech

        timeout = None
        if options.initial_speech_timeout_s is not None:
            timeout = speech.StreamingRecognitionFeatures.VoiceActivityTimeout(
                speech_start_timeout=timedelta(seconds=options.initial_speech_timeout_s)
            )
        config = speech.StreamingRecognitionConfig(
            config=speech.RecognitionConfig(
                explicit_decoding_config=speech.ExplicitDecodingConfig(
                    encoding=speech.ExplicitDecodingConfig.AudioEncoding.LINEAR16,
                    sample_rate_hertz=SAMPLE_RATE_HZ,
                    audio_channel_count=1,
                ),
                model=options.model or model,
                language_codes=[options.language, *options.alternative_languages],
                features=speech.RecognitionFeatures(
                    enable_automatic_punctuation=bool(options.punctuation),
                    profanity_filter=bool(options.profanity_filter),
                ),
                adaptation=_adaptation(options),
            ),
            streaming_features=speech.StreamingRecognitionFeatures(
                interim_results=options.partials,
                enable_voice_activity_events=True,
                voice_activity_timeout=timeout,
            ),
        )
        return speech.StreamingRecognizeRequest(recognizer=self._recognizer, streaming_config=config)

    def audio(self, pcm: bytes) -> "speech_v2.StreamingRecognizeRequest":
        """The next audio."""
        from google.cloud import speech_v2 as speech

        return speech.StreamingRecognizeRequest(audio=pcm)

    def read(self, response: "speech_v2.StreamingRecognizeResponse") -> Answer:
        """What a response says."""
        from google.cloud import speech_v2 as speech

        kinds = speech.StreamingRecognizeResponse.SpeechEventType
        return Answer(
            has_speech=bool(response.results) or response.speech_event_type == kinds.SPEECH_ACTIVITY_BEGIN,
            is_last=response.speech_event_type == kinds.END_OF_SINGLE_UTTERANCE,
            results=tuple(
                Result(
                    text=result.alternatives[0].transcript,
                    is_final=result.is_final,
                    confidence=result.alternatives[0].confidence or None,
                    stability=result.stability or None,
                    until_s=result.result_end_offset.total_seconds(),
                )
                for result in response.results
                if result.alternatives
            ),
        )


def _adaptation(options: RecogniserOptions) -> "speech_v2.SpeechAdaptation | None":
    """The hints, as a set of phrases that is sent along; None without hints."""
    from google.cloud import speech_v2 as speech

    if not options.hints:
        return None
    phrases = speech.PhraseSet(
        phrases=[speech.PhraseSet.Phrase(value=hint) for hint in options.hints],
        boost=options.hints_boost or 0.0,
    )
    return speech.SpeechAdaptation(
        phrase_sets=[speech.SpeechAdaptation.AdaptationPhraseSet(inline_phrase_set=phrases)]
    )
