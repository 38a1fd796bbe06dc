"""A conference with a host: guests hear music until the host is there, and it ends when the host leaves.

    pip install fastapi uvicorn python-multipart
    uvicorn app:app --port 5000

Then give a number of Offhook's the VoiceUrl http://127.0.0.1:5000/voice.
"""

from typing import Annotated

from fastapi import FastAPI, Form, Response

app = FastAPI()

HOST_PIN, GUEST_PIN = "4711", "1234"
ROOM = "weekly"


def rcml(verbs: str) -> Response:
    return Response(
        f'<?xml version="1.0" encoding="UTF-8"?><Response>{verbs}</Response>', media_type="text/xml"
    )


@app.post("/voice")
def voice() -> Response:
    return rcml("""
        <Gather numDigits="4" timeout="8" action="join">
            <Say>Welcome. Enter your four digits.</Say>
        </Gather>
        <Say>Goodbye.</Say>""")


@app.post("/join")
def join(Digits: Annotated[str, Form()] = "") -> Response:
    if Digits == HOST_PIN:
        return rcml(f"""
            <Say>You are the host.</Say>
            <Dial action="left"><Conference endConferenceOnExit="true">{ROOM}</Conference></Dial>""")
    if Digits == GUEST_PIN:
        return rcml(f"""
            <Dial action="left">
                <Conference startConferenceOnEnter="false" waitUrl="wait" maxParticipants="10">{ROOM}</Conference>
            </Dial>
            <Say>The room is full.</Say>""")
    return rcml("<Say>These digits are not known.</Say><Redirect>voice</Redirect>")


@app.post("/wait")
def wait() -> Response:
    # Run again and again until the host comes.
    return rcml("<Say>The host is not here yet.</Say><Pause length='10'/>")


@app.post("/left")
def left() -> Response:
    return rcml("<Say>The conference is over.</Say>")
