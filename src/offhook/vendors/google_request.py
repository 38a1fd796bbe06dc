"""What Google is asked for. https://cloud.google.com/speech-to-text/docs/reference/rpc/google.cloud.speech.v1"""

from datetime import timedelta
from typing import TYPE_CHECKING

from offhook.speech.pcm import SAMPLE_RATE_HZ
from offhook.speech.recogniser import RecogniserOptions

if TYPE_CHECKING:
    from google.cloud import speech_v1

OPTIONS = frozenset(
    (
        *("hints", "hints_boost", "alternative_languages", "punctuation", "profanity_filter"),
        *("model", "single_utterance", "initial_speech_timeout_s"),
    )
)


def write_config(options: RecogniserOptions, model: str) -> "speech_v1.StreamingRecognitionConfig":
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
    return speech.StreamingRecognitionConfig(
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
