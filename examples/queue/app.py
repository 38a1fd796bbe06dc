"""A hotline: callers wait in a queue and hear their place in it, agents take the first of them.

    pip install fastapi uvicorn python-multipart
    uvicorn app:app --port 5000

Then give one number of Offhook's the VoiceUrl http://127.0.0.1:5000/voice, for callers, and another one
http://127.0.0.1:5000/agent, for agents.
"""

from typing import Annotated

from fastapi import FastAPI, Form, Response

app = FastAPI()

QUEUE = "hotline"
LONGEST_WAIT_S = 120


def rcml(verbs: str) -> Response:
    return Response(
        f'<?xml version="1.0" encoding="UTF-8"?><Response>{verbs}</Response>', media_type="text/xml"
    )


@app.post("/voice")
def voice() -> Response:
    return rcml(f'<Say>Welcome.</Say><Enqueue waitUrl="wait" action="left">{QUEUE}</Enqueue>')


@app.post("/wait")
def wait(QueuePosition: Annotated[str, Form()] = "", QueueTime: Annotated[str, Form()] = "0") -> Response:
    # Run again and again until an agent takes the call. <Leave/> leaves the queue.
    if int(QueueTime) >= LONGEST_WAIT_S:
        return rcml("<Leave/>")
    return rcml(f"<Say>You are number {QueuePosition} in the queue.</Say><Pause length='10'/>")


@app.post("/left")
def left(QueueResult: Annotated[str, Form()]) -> Response:
    if QueueResult == "bridged":
        return rcml("<Say>Thank you for calling. Goodbye.</Say>")
    return rcml("<Say>Nobody is free. Please call again later.</Say>")


@app.post("/agent")
def agent() -> Response:
    # The agent takes one caller after another, and waits up to a minute for the next one.
    return rcml(f"""
        <Dial timeout="60" action="served"><Queue url="announce">{QUEUE}</Queue></Dial>""")


@app.post("/announce")
def announce() -> Response:
    # Heard by the caller, right before the two are connected.
    return rcml("<Say>You are being connected.</Say>")


@app.post("/served")
def served(QueueResult: Annotated[str, Form()] = "") -> Response:
    if QueueResult == "bridged":
        return rcml("<Say>Next caller.</Say><Redirect>agent</Redirect>")
    return rcml("<Say>Nobody is waiting. Goodbye.</Say>")
