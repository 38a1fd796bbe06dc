"""Voicemail: callers leave a message after the tone; the messages are listed with their words.

    pip install fastapi uvicorn python-multipart
    uvicorn app:app --port 5000

Then give a number of Offhook's the VoiceUrl http://127.0.0.1:5000/voice, and look at http://127.0.0.1:5000/messages.
"""

from typing import Annotated

from fastapi import FastAPI, Form, Response

app = FastAPI()

messages: dict[str, dict[str, str]] = {}
"""By the URL of the recording. A real application would keep them in a database."""


def rcml(verbs: str) -> Response:
    return Response(
        f'<?xml version="1.0" encoding="UTF-8"?><Response>{verbs}</Response>', media_type="text/xml"
    )


@app.post("/voice")
def voice() -> Response:
    return rcml("""
        <Say>Leave a message after the tone, then press the hash key.</Say>
        <Record action="recorded" maxLength="120" timeout="3" finishOnKey="#" transcribeCallback="words"/>
        <Say>I did not hear anything. Goodbye.</Say>""")


@app.post("/recorded")
def recorded(
    From: Annotated[str, Form()],
    RecordingUrl: Annotated[str, Form()] = "",
    RecordingDuration: Annotated[str, Form()] = "0",
) -> Response:
    # Also called when the caller hung up instead of pressing a key; then nobody hears the answer.
    if RecordingUrl:
        messages.setdefault(RecordingUrl, {}).update({"from": From, "seconds": RecordingDuration})
    return rcml("<Say>Thank you. Goodbye.</Say><Hangup/>")


@app.post("/words")
def words(
    RecordingUrl: Annotated[str, Form()],
    TranscriptionStatus: Annotated[str, Form()],
    TranscriptionText: Annotated[str, Form()] = "",
) -> Response:
    # Comes some seconds after the call, and may come before /recorded was answered.
    is_understood = TranscriptionStatus == "completed"
    messages.setdefault(RecordingUrl, {})["text"] = TranscriptionText if is_understood else "(not understood)"
    return Response(status_code=204)


@app.get("/messages")
def show() -> dict[str, dict[str, str]]:
    return messages
