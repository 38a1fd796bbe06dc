"""A menu that listens: callers say "sales" or "support", or press 1 or 2, and hear what was understood.

    pip install fastapi uvicorn python-multipart
    uvicorn app:app --port 5000

Then give a number of Offhook's the VoiceUrl http://127.0.0.1:5000/voice.
"""

from typing import Annotated
from xml.sax.saxutils import escape

from fastapi import FastAPI, Form, Response

app = FastAPI()

DEPARTMENTS = {"1": "sales", "2": "support"}


def rcml(verbs: str) -> Response:
    return Response(
        f'<?xml version="1.0" encoding="UTF-8"?><Response>{verbs}</Response>', media_type="text/xml"
    )


@app.post("/voice")
def voice() -> Response:
    return rcml("""
        <Gather input="dtmf speech" hints="sales, support" numDigits="1"
                preTimeout="6" postTimeout="1" action="heard" actionOnEmptyResult="true">
            <Say>Welcome. Say sales or support, or press one or two.</Say>
        </Gather>""")


@app.post("/heard")
def heard(
    SpeechResult: Annotated[str, Form()] = "",
    Digits: Annotated[str, Form()] = "",
) -> Response:
    department = SpeechResult or DEPARTMENTS.get(Digits, "")
    if not department:
        return rcml("<Say>Sorry, I did not get that.</Say><Redirect>voice</Redirect>")
    return rcml(f"<Say>You said {escape(department)}. Goodbye.</Say><Hangup/>")
