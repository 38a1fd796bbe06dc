"""A service desk in Vobiz XML: what the caller wants in words or by a key, an account number, and a yes or no.

    pip install fastapi uvicorn python-multipart
    uvicorn app:app --port 5000

Then make an application of Offhook's with the answer_url http://127.0.0.1:5000/answer, and attach a number to it (docs/vobiz.md). With Plivo's
names, GetInput for Gather, it works as well.
"""

from typing import Annotated
from xml.sax.saxutils import quoteattr

from fastapi import FastAPI, Form, Request, Response

app = FastAPI()

DESKS = {"1": "billing", "2": "support", "3": "account"}
SURE = 0.5
"""Below this confidence the caller is asked again."""


def xml(elements: str) -> Response:
    return Response(f"<Response>{elements}</Response>", media_type="application/xml")


def gather(request: Request, action: str, spoken: str, **attributes: str) -> str:
    """A Gather with its prompt; actions are whole URLs in this language."""
    given = {"action": str(request.url_for(action)), **attributes}
    return f"<Gather {' '.join(f'{name}={quoteattr(value)}' for name, value in given.items())}><Speak>{spoken}</Speak></Gather>"


@app.post("/answer")
def answer(request: Request) -> Response:
    asked = gather(
        request,
        "intent",
        "Say billing, support or account, or press one, two or three.",
        inputType="dtmf speech",
        numDigits="1",
        hints=",".join(DESKS.values()),
    )
    return xml(f"{asked}<Speak>We did not hear from you. Goodbye.</Speak>")


@app.post("/intent")
def intent(
    request: Request,
    Digits: Annotated[str, Form()] = "",
    Speech: Annotated[str, Form()] = "",
    SpeechConfidenceScore: Annotated[float, Form()] = 1.0,
) -> Response:
    words = Speech.lower().split() if SpeechConfidenceScore >= SURE else []
    desk = DESKS.get(Digits) or next((name for name in DESKS.values() if name in words), None)
    if desk is None:
        return xml(
            f"<Speak>Sorry, I did not get that.</Speak><Redirect>{request.url_for('answer')}</Redirect>"
        )
    if desk != "account":
        return xml(f"<Speak>You will be connected to {desk}.</Speak>")
    asked = gather(
        request,
        "number",
        "Enter your account number, then press pound.",
        numDigits="12",
        finishOnKey="#",
        executionTimeout="20",
    )
    return xml(f"{asked}<Redirect>{request.url_for('answer')}</Redirect>")


@app.post("/number")
def number(request: Request, Digits: Annotated[str, Form()] = "") -> Response:
    spelled = f'<say-as interpret-as="digits">{Digits}</say-as>' if Digits.isdigit() else "nothing"
    asked = gather(
        request,
        "confirmed",
        f"You entered {spelled}. Say yes or press one if that is right.",
        inputType="dtmf speech",
        numDigits="1",
        hints="yes,no",
    )
    return xml(f"{asked}<Redirect>{request.url_for('answer')}</Redirect>")


@app.post("/confirmed")
def confirmed(
    request: Request, Digits: Annotated[str, Form()] = "", Speech: Annotated[str, Form()] = ""
) -> Response:
    if Digits == "1" or "yes" in Speech.lower().split():
        return xml("<Speak>Thank you. Goodbye.</Speak><Hangup/>")
    return xml(f"<Redirect>{request.url_for('answer')}</Redirect>")
