"""Google's API v1: what it is asked, and what it answers.

https://cloud.google.com/speech-to-text/docs/reference/rpc/google.cloud.speech.v1
"""

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from offhook.speech.pcm import SAMPLE_RATE_HZ
from offhook.speech.recogniser import RecogniserOptions
from offhook.vendors.google_answer import Answer, Result

if TYPE_CHECKING:
    from google.cloud import speech_v1

OPTIONS = frozenset(
    (
        *("hints", "hints_boost", "alternative_languages", "punctuation", "profanity_filter"),
        *("model", "single_utterance", "initial_speech_timeout_s"),
    )
)


class GoogleV1:
    """Fills `google.GoogleApi`."""

    options = OPTIONS
    ends_single_utterances = True
    host = None

    def load(self) -> None:
        """Import the library."""
        from google.cloud import speech_v1 as _  # noqa: F401

    def client(self, channel: Any, *, credentials: Any, client_options: Any) -> "speech_v1.SpeechAsyncClient":
        """The client, over a channel where there is one."""
        from google.cloud import speech_v1 as speech
        from google.cloud.speech_v1.services.speech.transports import SpeechGrpcAsyncIOTransport

        if channel is not None:
            return speech.SpeechAsyncClient(transport=SpeechGrpcAsyncIOTransport(channel=channel))
        return speech.SpeechAsyncClient(credentials=credentials, client_options=client_options)

    def opening(self, options: RecogniserOptions, model: str) -> "speech_v1.StreamingRecognizeRequest":
        """How to listen: the first request of a stream. `model` is used unless the options name one."""
        from google.cloud import speech_v1 as speech

        contexts = []
        if options.hints:
            contexts = [speech.SpeechContext(phrases=list(options.hints), boost=options.hints_boost or 0.0)]
        timeout = None
        if options.initial_speech_timeout_s is not None:
            timeout = speech.StreamingRecognitionConfig.VoiceActivityTimeout(
                speech_start_timeout=timedelta(seconds=options.initial_speech_timeout_s)
            )
        config = speech.StreamingRecognitionConfig(
            config=speech.RecognitionConfig(
                encoding=speech.RecognitionConfig.AudioEncoding.LINEAR16,
                sample_rate_hertz=SAMPLE_RATE_HZ,
                language_code=options.language,
                alternative_language_codes=list(options.alternative_languages),
                model=options.model or model,
                speech_contexts=contexts,
                enable_automatic_punctuation=bool(options.punctuation),
                profanity_filter=bool(options.profanity_filter),
            ),
            interim_results=options.partials,
            single_utterance=options.single_utterance,
            enable_voice_activity_events=True,
            voice_activity_timeout=timeout,
        )
        return speech.StreamingRecognizeRequest(streaming_config=config)

    def audio(self, pcm: bytes) -> "speech_v1.StreamingRecognizeRequest":
        """The next audio."""
        from google.cloud import speech_v1 as speech

        return speech.StreamingRecognizeRequest(audio_content=pcm)

    def read(self, response: "speech_v1.StreamingRecognizeResponse") -> Answer:
        """What a response says. Raises what its error says."""
        from google.api_core import exceptions
        from google.cloud import speech_v1 as speech

        if response.error.code:
            from_code: Any = exceptions.from_grpc_status
            raise from_code(response.error.code, response.error.message)
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
                    until_s=result.result_end_time.total_seconds(),
                )
                for result in response.results
                if result.alternatives
            ),
        )
