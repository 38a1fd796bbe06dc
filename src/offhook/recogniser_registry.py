"""Recognisers that are there when their settings are. Each brings its libraries only then; bootstrap asks."""

from collections.abc import Callable

from offhook.config import Settings
from offhook.recogniser_settings import ASR_NEEDS
from offhook.speech.recogniser import Recogniser


def configured_recognisers(settings: Settings) -> dict[str, Recogniser]:
    """Those that have all settings they need, by name."""
    return {name: MAKERS[name](settings) for name in ASR_NEEDS if settings.has_recogniser(name)}


def _deepgram(settings: Settings) -> Recogniser:
    from offhook.vendors.deepgram import URL, DeepgramRecogniser

    assert settings.deepgram_key is not None
    return DeepgramRecogniser(
        settings.deepgram_key.get_secret_value(),
        model=settings.deepgram_asr_model,
        url=settings.deepgram_asr_url or URL,
    )


def _aws(settings: Settings) -> Recogniser:
    from offhook.vendors.aws.recogniser import AwsRecogniser

    assert settings.aws_region is not None
    return AwsRecogniser(region=settings.aws_region, url=settings.aws_asr_url)


def _microsoft(settings: Settings) -> Recogniser:
    from offhook.vendors.microsoft import MicrosoftRecogniser

    assert settings.microsoft_key is not None
    return MicrosoftRecogniser(
        settings.microsoft_key.get_secret_value(),
        region=settings.microsoft_region,
        host=settings.microsoft_asr_host,
    )


def _wyoming(settings: Settings) -> Recogniser:
    from offhook.vendors.wyoming_recogniser import WyomingRecogniser

    assert settings.wyoming_asr is not None
    return WyomingRecogniser(settings.wyoming_asr)


def _vosk(settings: Settings) -> Recogniser:
    from offhook.vendors.local.recogniser import LocalRecogniser
    from offhook.vendors.local.vosk import VoskEngine

    assert settings.vosk_model is not None
    return LocalRecogniser(VoskEngine(), settings.vosk_model)


def _sherpa(settings: Settings) -> Recogniser:
    from offhook.vendors.local.recogniser import LocalRecogniser
    from offhook.vendors.local.sherpa import SherpaEngine

    assert settings.sherpa_model is not None
    return LocalRecogniser(SherpaEngine(), settings.sherpa_model)


def _whisper(settings: Settings) -> Recogniser:
    from offhook.vendors.local.recogniser import LocalRecogniser
    from offhook.vendors.local.whisper import WhisperEngine

    assert settings.whisper_model is not None
    return LocalRecogniser(WhisperEngine(), settings.whisper_model)


MAKERS: dict[str, Callable[[Settings], Recogniser]] = {
    "deepgram": _deepgram,
    "aws": _aws,
    "microsoft": _microsoft,
    "wyoming": _wyoming,
    "vosk": _vosk,
    "sherpa-onnx": _sherpa,
    "whisper": _whisper,
}
