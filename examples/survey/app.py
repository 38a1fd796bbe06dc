"""A survey by voice: three questions, answered by speaking or by a key, and the answers for whoever asks.

    pip install fastapi uvicorn python-multipart
    uvicorn app:app --port 5000

Then give a number of Offhook's the VoiceUrl http://127.0.0.1:5000/voice, and look at http://127.0.0.1:5000/answers.
"""

from typing import Annotated

from fastapi import FastAPI, Form, Response

app = FastAPI()

QUESTIONS = (
    ("How was our service? Say good, fair or poor, or press one to three.", ("good", "fair", "poor")),
    ("Was your question answered? Say yes or no, or press one or two.", ("yes", "no")),
    ("Would you call us again? Say yes, no or maybe, or press one to three.", ("yes", "no", "maybe")),
)
MOST_TRIES = 3

answers: dict[str, list[str]] = {}
"""By CallSid. A real application would keep them in a database."""


def rcml(verbs: str) -> Response:
    return Response(
        f'<?xml version="1.0" encoding="UTF-8"?><Response>{verbs}</Response>', media_type="text/xml"
    )


def ask(number: int, tries: int = 1) -> Response:
    question, words = QUESTIONS[number]
    again = "Sorry, I did not get that. " if tries > 1 else ""
    return rcml(f"""
        <Gather input="dtmf speech" hints="{", ".join(words)}" numDigits="1" preTimeout="6" postTimeout="1"
                action="answer?question={number}&amp;tries={tries}" actionOnEmptyResult="true">
            <Say voice="woman">{again}{question}</Say>
        </Gather>""")


@app.post("/voice")
def voice(CallSid: Annotated[str, Form()]) -> Response:
    answers[CallSid] = []
    return ask(0)


@app.post("/answer")
def answer(
    question: int,
    tries: int,
    CallSid: Annotated[str, Form()],
    SpeechResult: Annotated[str, Form()] = "",
    Digits: Annotated[str, Form()] = "",
) -> Response:
    _, words = QUESTIONS[question]
    by_key = dict(zip("123", words, strict=False))
    given = by_key.get(Digits) or next((word for word in words if word in SpeechResult.lower().split()), None)
    if given is None and tries < MOST_TRIES:
        return ask(question, tries + 1)
    answers.setdefault(CallSid, []).append(given or "none")
    if question + 1 < len(QUESTIONS):
        return ask(question + 1)
    return rcml('<Say voice="woman">Thank you for your answers. Goodbye.</Say>')


@app.get("/answers")
def show() -> dict[str, list[str]]:
    return answers
