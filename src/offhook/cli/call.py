"""`offhook call`: a headless phone."""

import asyncio
import contextlib
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

CONNECTED, NOT_CONNECTED, BAD_USE = 0, 1, 2
CLEAREST_VOICE = "adam"
"""Of espeak-ng's voices, the one that recognisers understand best."""


def call(
    uri: Annotated[str, typer.Argument(help="Whom to call: sip:1000@127.0.0.1:5060, or just 1000.")],
    say: Annotated[
        list[str] | None, typer.Option("--say", help="Say a text once the far end has finished speaking.")
    ] = None,
    press: Annotated[
        list[str] | None,
        typer.Option(
            "--press", help="Press keys once the far end has finished speaking; w waits half a second."
        ),
    ] = None,
    wait: Annotated[
        list[str] | None,
        typer.Option("--wait", help="Wait so many seconds; the step after it comes exactly then."),
    ] = None,
    record: Annotated[
        Path | None, typer.Option("--record", help="Keep what was heard as a WAV file.")
    ] = None,
    hints: Annotated[
        str | None, typer.Option("--hints", help="Listen for these words, comma-separated.")
    ] = None,
    voice: Annotated[
        str, typer.Option("--voice", help="Who speaks: man, woman, or a voice of espeak-ng's.")
    ] = CLEAREST_VOICE,
    caller: Annotated[
        str, typer.Option("--from", help="The number or name that the far end sees.")
    ] = "offhook",
    header: Annotated[
        list[str] | None, typer.Option("--header", help="A header of the INVITE, as Name: value.")
    ] = None,
    ring: Annotated[float, typer.Option("--ring", help="Seconds to wait for an answer.")] = 60.0,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object about the call.")] = False,
) -> None:
    """Call somebody and follow a script: steps are done in the order in which they stand.

    Without --wait before it, a step is done when the far end has finished speaking. After the last one the phone
    listens to the answer and hangs up. The exit status is 0 when the call connected, 1 when not, 2 for wrong use.
    """
    from offhook.call.errors import OffhookError
    from offhook.phone.phone import PhoneSettings, sip_uri
    from offhook.phone.script import ScriptInvalid, read_script

    del say, press, wait  # declared for the help; what counts is the order in which they stand
    try:
        steps = read_script(sys.argv[1:])
        settings = PhoneSettings(caller=caller, headers=_headers(header or []), ring_timeout_s=ring)
        with _quiet_stdout() as stdout:
            told = asyncio.run(_call(sip_uri(uri), steps, settings, voice, hints, record))
            print(json.dumps(told) if as_json else _words(told), file=stdout)
    except (ScriptInvalid, OffhookError, OSError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(BAD_USE) from None
    raise typer.Exit(CONNECTED if told["connected"] else NOT_CONNECTED)


async def _call(
    uri: str, steps: Any, settings: Any, voice_name: str, hints: str | None, record: Path | None
) -> dict[str, Any]:
    from offhook.interpreter.prompts import write_wav
    from offhook.phone.phone import Phone
    from offhook.phone.speech import CLEAR_WORDS_PER_MINUTE, speech_process, words_in
    from offhook.speech.voice import VoiceOptions
    from offhook.vendors.embedded.recogniser import EmbeddedRecogniser
    from offhook.vendors.embedded.voice import EmbeddedVoice

    async with contextlib.AsyncExitStack() as stack:
        voice_socket = await stack.enter_async_context(speech_process("voice"))
        voice = EmbeddedVoice(voice_socket, words_per_minute=CLEAR_WORDS_PER_MINUTE)

        async def speak(text: str) -> bytes:
            return b"".join([piece async for piece in voice.speak(text, VoiceOptions(voice=voice_name))])

        phone = Phone(uri, steps, settings, speak=speak)
        report = await phone.call()
        await voice.close()
        if record is not None:
            write_wav(record, phone.hearing.recording)
            report.recording = str(record)
        if hints:
            recogniser = EmbeddedRecogniser((await stack.enter_async_context(speech_process("recogniser")),))
            for sound in report.sounds:
                heard = await words_in(phone.hearing.part(sound), hints.split(","), recogniser)
                sound.words = heard.text if heard is not None else ""
                sound.confidence = heard.confidence if heard is not None else None
            await recogniser.close()
    return report.as_json()


def _words(told: dict[str, Any]) -> str:
    """The report for people."""
    if not told["connected"]:
        return f"{told['uri']}: not connected: {told['sip_status'] or ''} {told['reason']}".strip()
    events = [(told["answered_at"], "answered")]
    events += [(deed["at"], f"{deed['what']} {deed['value']}") for deed in told["did"]]
    events += [(key["at"], f"heard the key {key['key']}") for key in told["keys"]]
    events += [(sound["begin"], _sound(sound)) for sound in told["sounds"]]
    events.append((told["ended_at"], f"ended by the {told['ended_by']}"))
    lines = [f"{at:7.2f} s  {what}" for at, what in sorted(events, key=lambda event: event[0])]
    if told["recording"]:
        lines.append(f"what was heard is in {told['recording']}")
    return "\n".join(lines)


def _sound(sound: dict[str, Any]) -> str:
    words = {None: "", "": ", no words that were listened for"}.get(sound["words"], f": {sound['words']}")
    return f"heard {sound['end'] - sound['begin']:.1f} s of sound{words}"


def _headers(lines: list[str]) -> tuple[tuple[str, str], ...]:
    from offhook.phone.script import ScriptInvalid

    headers = []
    for line in lines:
        name, colon, value = line.partition(":")
        if not colon or not name.strip() or any(character in line for character in "\r\n"):
            raise ScriptInvalid(f"--header {line!r}: write it as 'X-Name: value'")
        headers.append((name.strip(), value.strip()))
    return tuple(headers)


@contextlib.contextmanager
def _quiet_stdout() -> Iterator[Any]:
    """A block in which only the file that it gives leads to standard output: the SIP library talks on it."""
    sys.stdout.flush()
    kept = os.dup(1)
    os.dup2(2, 1)
    try:
        with os.fdopen(os.dup(kept), "w") as stdout:
            yield stdout
    finally:
        os.dup2(kept, 1)
        os.close(kept)
