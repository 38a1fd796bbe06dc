"""Call screening: two desks ring at once; whoever answers hears who calls, and takes the call with 1.

    pip install fastapi uvicorn python-multipart
    uvicorn app:app --port 5000

Then give a number of Offhook's the VoiceUrl http://127.0.0.1:5000/voice.
"""

from typing import Annotated
from xml.sax.saxutils import escape

from fastapi import FastAPI, Form, Response

app = FastAPI()

DESKS = ("+15550101", "+15550102")


def rcml(verbs: str) -> Response:
    return Response(
        f'<?xml version="1.0" encoding="UTF-8"?><Response>{verbs}</Response>', media_type="text/xml"
    )


@app.post("/voice")
def voice() -> Response:
    desks = "".join(f'<Number url="screen">{desk}</Number>' for desk in DESKS)
    return rcml(f'<Say>One moment, please.</Say><Dial timeout="20" action="dialled">{desks}</Dial>')


@app.post("/screen")
def screen(From: Annotated[str, Form()]) -> Response:
    # Heard by the one who answered, before anybody is connected. <Hangup/> declines the call.
    caller = escape(From)
    return rcml(f"""
        <Gather numDigits="1" timeout="6" action="decide">
            <Say>A call from <say-as interpret-as="telephone">{caller}</say-as>. Press one to take it.</Say>
        </Gather>
        <Hangup/>""")


@app.post("/decide")
def decide(Digits: Annotated[str, Form()] = "") -> Response:
    # A document that ends without <Hangup/> connects the two.
    return rcml("" if Digits == "1" else "<Hangup/>")


@app.post("/dialled")
def dialled(DialCallStatus: Annotated[str, Form()]) -> Response:
    if DialCallStatus == "completed":
        return rcml("<Say>Goodbye.</Say>")
    return rcml("<Say>Nobody can take your call right now. Please try again later.</Say>")
