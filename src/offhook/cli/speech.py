"""`offhook speech`: try voices and recognisers without a call, and without a server."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from offhook.cli.opening import BAD_USE, FAILED, read_settings

if TYPE_CHECKING:
    from offhook.cli.speech_at_hand import SpeechAtHand
    from offhook.cli.speech_hearing import Heard
    from offhook.cli.speech_vendors import VendorTold
    from offhook.config import Settings
    from offhook.speech.ssml import CleanSpeech

T = TypeVar("T")
OWN = "embedded"
OWN_SPEED = 8.0
"""How much faster than they would come the embedded recogniser is sent frames: it needs a twentieth of the time."""

VendorOption = Annotated[
    str | None,
    typer.Option("--vendor", help="Which one, as `offhook speech vendors` names it; the chosen one."),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]

speech = typer.Typer(help="Speech: try voices and recognisers without a call.", no_args_is_help=True)


@speech.command()
def say(
    text: Annotated[str, typer.Argument(help="What to say; plain text, or SSML, which begins with <speak.")],
    output: Annotated[Path, typer.Option("-o", "--output", help="The WAV file to write.")],
    voice: Annotated[str, typer.Option("--voice", help="man, woman, or a vendor's own name.")] = "",
    language: Annotated[str, typer.Option("--language", help="Such as en-US.")] = "en-US",
    vendor: VendorOption = None,
    as_json: JsonOption = False,
) -> None:
    """Speak a text into a WAV file: 16-bit mono PCM at 8 kHz, as callers hear it."""

    async def work(at_hand: "SpeechAtHand") -> dict[str, Any]:
        return await _say(at_hand, text, output, voice, language, vendor)

    told = _run(read_settings(), work)
    for problem in told["problems"]:
        typer.echo(problem, err=True)
    if as_json:
        typer.echo(json.dumps(told))
        return
    typer.echo(
        f"{told['output']}: {told['audio_s']:g} s, spoken by {told['vendor']}; first audio after "
        f"{told['first_audio_ms']:g} ms, all after {told['took_ms']:g} ms"
    )


@speech.command()
def recognise(
    file: Annotated[Path, typer.Argument(help="A sound file: WAV, MP3, OGG, FLAC.")],
    hints: Annotated[
        str, typer.Option("--hints", help="Phrases that are expected, separated by commas.")
    ] = "",
    language: Annotated[str, typer.Option("--language", help="Such as en-US.")] = "en-US",
    vendor: VendorOption = None,
    partials: Annotated[
        bool, typer.Option("--partials", help="Show on standard error what is understood so far.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Put the speech of a sound file into words. The exit status is 1 where nothing was understood."""
    from offhook.speech.recogniser import FailureKind, RecogniserOptions

    phrases = tuple(hint for hint in (part.strip() for part in hints.split(",")) if hint)
    options = RecogniserOptions(language=language, hints=phrases, partials=partials)

    async def work(at_hand: "SpeechAtHand") -> tuple[str, "Heard"]:
        from offhook.cli.speech_hearing import hear

        recogniser = at_hand.recogniser(vendor)
        frames = await at_hand.frames_of(file)
        speed = OWN_SPEED if recogniser.name == OWN else 1.0
        return recogniser.name, await hear(recogniser, frames, options, speed=speed, on_partial=_show_partial)

    name, heard = _run(read_settings(), work)
    if as_json:
        typer.echo(json.dumps(_heard_json(name, options.language, phrases, heard)))
    elif heard.text:
        sure = "" if heard.confidence is None else f" (confidence {heard.confidence:.2f})"
        typer.echo(f"{heard.text}{sure}")
    if heard.failure is not None:
        typer.echo(f"{name}: {heard.failure.kind}: {heard.failure.detail}", err=True)
        if heard.failure.kind is FailureKind.NEEDS_MODEL and name == OWN:
            typer.echo("It understands English phrases that it is given: --hints 'yes,no'.", err=True)
    elif not heard.text:
        typer.echo(f"{name} understood nothing in {heard.audio_s:.1f} s of sound", err=True)
    if heard.failure is not None or not heard.text:
        raise typer.Exit(FAILED)


@speech.command("vendors")
def list_vendors(
    test: Annotated[
        bool, typer.Option("--test", help="Ask each of them, also those that cost something.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """List voices and recognisers, what they can do, and whether they answer. The exit status is 1 where one does not."""

    async def work(at_hand: "SpeechAtHand") -> "list[VendorTold]":
        from offhook.cli.speech_vendors import look_at_vendors

        return await look_at_vendors(at_hand, asks_all=test)

    told = _run(read_settings(), work)
    if as_json:
        from dataclasses import asdict

        typer.echo(json.dumps([asdict(one) for one in told], indent=2))
    else:
        for one in told:
            _print_vendor(one)
    if any(one.answers is False for one in told):
        raise typer.Exit(FAILED)


@speech.command()
def bench(
    vendor: Annotated[
        str, typer.Option("--vendor", help="The recogniser; others than embedded may cost.")
    ] = OWN,
    voice_vendor: Annotated[str, typer.Option("--voice-vendor", help="The voice; others may cost.")] = OWN,
    quick: Annotated[
        bool, typer.Option("--quick", help="With one synthetic caller instead of three.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Measure speed and accuracy on a small corpus that the embedded voice makes on the spot."""
    from offhook.cli.speech_bench import CALLERS, Figures, Pace, measure, table_of

    async def work(at_hand: "SpeechAtHand") -> Figures:
        recogniser = at_hand.recogniser(vendor)
        return await measure(
            at_hand.voice(voice_vendor),
            recogniser,
            at_hand.voice(OWN),
            pace=Pace.AT_ONCE if recogniser.name == OWN else Pace.LIVE,
            callers=1 if quick else len(CALLERS),
        )

    figures = _run(read_settings(), work)
    typer.echo(json.dumps(figures.as_json(), indent=2) if as_json else "\n".join(table_of(figures)))


async def _say(
    at_hand: "SpeechAtHand", text: str, output: Path, who: str, language: str, vendor: str | None
) -> dict[str, Any]:
    from offhook.cli.speech_at_hand import Unusable
    from offhook.speech.pcm import duration_s
    from offhook.speech.voice import VoiceOptions
    from offhook.speech.wav import wav_header

    voice = at_hand.voice(vendor)
    clean = _checked(text)
    options = VoiceOptions(language=language, voice=who, is_ssml=bool(clean.markup))
    loop = asyncio.get_running_loop()
    began_at, first_at, pcm = loop.time(), 0.0, bytearray()
    async with aclosing(voice.speak(clean.markup or clean.text, options)) as pieces:  # type: ignore[type-var]
        async for piece in pieces:
            first_at = first_at or loop.time()
            pcm += piece
    if not pcm:
        raise Unusable(f"{voice.name} said nothing: the text has no words")
    took_s = loop.time() - began_at
    try:
        with output.open("wb") as file:
            file.write(wav_header(len(pcm)) + pcm)
    except OSError as error:
        raise Unusable(f"{output} cannot be written: {error.strerror or error}") from error
    return {
        "output": str(output),
        "vendor": voice.name,
        "language": language,
        "audio_s": round(duration_s(bytes(pcm)), 2),
        "first_audio_ms": round((first_at - began_at) * 1000, 1),
        "took_ms": round(took_s * 1000, 1),
        "problems": list(clean.problems),
    }


def _checked(text: str) -> "CleanSpeech":
    """What a voice is given of a text. Raises Unusable for SSML that cannot be read."""
    from offhook.cli.speech_at_hand import Unusable
    from offhook.speech.ssml import CleanSpeech, SsmlInvalid, clean, is_ssml

    if not is_ssml(text):
        return CleanSpeech(text=text)
    try:
        return clean(text)
    except SsmlInvalid as invalid:
        raise Unusable(f"the text begins like SSML, and is none: {invalid}") from invalid


def _show_partial(text: str) -> None:
    typer.echo(f"... {text}", err=True)


def _heard_json(vendor: str, language: str, hints: tuple[str, ...], heard: "Heard") -> dict[str, Any]:
    failure = heard.failure
    return {
        "vendor": vendor,
        "language": language,
        "hints": list(hints),
        "transcript": heard.text,
        "confidence": heard.confidence,
        "finals": [{"text": final.text, "confidence": final.confidence} for final in heard.finals],
        "audio_s": round(heard.audio_s, 2),
        "after_end_ms": round(heard.after_s * 1000, 1),
        "failure": None if failure is None else {"kind": failure.kind.value, "detail": failure.detail},
    }


def _print_vendor(one: "VendorTold") -> None:
    answers = {True: "answers", False: "does not answer", None: "set up"}[one.answers]
    chosen = " (chosen)" if one.is_chosen else ""
    typer.echo(f"{one.kind:11}{one.name}{chosen}: {answers}: {one.detail}")
    if one.can:
        typer.echo(f"{'':11}can: {', '.join(one.can)}")


def _run(settings: "Settings", work: "Callable[[SpeechAtHand], Awaitable[T]]") -> T:
    """What `work` makes of all that the settings name; leaves with a status and the reason where it cannot."""
    from offhook.call.errors import OffhookError
    from offhook.cli.speech_at_hand import Unusable, speech_at_hand
    from offhook.log import configure

    configure(level="warning", as_json=False, process="speech")

    async def run() -> T:
        async with speech_at_hand(settings) as at_hand:
            return await work(at_hand)

    try:
        return asyncio.run(run())
    except (OffhookError, ImportError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(BAD_USE if isinstance(error, Unusable) else FAILED) from None
