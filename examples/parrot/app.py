"""The smallest voice agent: hears the call over a WebSocket, and says back what it heard once the caller pauses.

    pip install fastapi 'uvicorn[standard]'
    uvicorn app:app --port 5000

Then make an application of Offhook's with the answer_url http://127.0.0.1:5000/answer, and attach a number to it (docs/vobiz.md). Put a
recogniser, a language model and a voice where `words` are gathered, and it answers instead. docs/streams.md tells the protocol.
"""

import array
import base64

from fastapi import FastAPI, Request, Response, WebSocket, WebSocketDisconnect

app = FastAPI()

RATE = 8000
FRAMES_OF_PAUSE = 25
"""Half a second, at 20 ms each."""
LOUD = 500
"""The mean of a frame's samples, from which on it is voice."""


@app.post("/answer")
def answer(request: Request) -> Response:
    url = str(request.url_for("audio")).replace("http", "ws", 1)
    return Response(
        f'<Response><Stream bidirectional="true" keepCallAlive="true" contentType="audio/x-l16;rate={RATE}">{url}</Stream>'
        "<Speak>Goodbye.</Speak></Response>",
        media_type="application/xml",
    )


@app.websocket("/audio")
async def audio(socket: WebSocket) -> None:
    await socket.accept()
    words, quiet = bytearray(), 0
    try:
        async for message in socket.iter_json():
            match message["event"]:
                case "media":
                    frame = base64.b64decode(message["media"]["payload"])
                    samples = array.array("h", frame)
                    is_voice = sum(map(abs, samples)) >= LOUD * len(samples)
                    quiet = 0 if is_voice else quiet + 1
                    if is_voice or words:
                        words += frame
                    if words and quiet >= FRAMES_OF_PAUSE:
                        await socket.send_json(played(bytes(words)))
                        words.clear()
                case "dtmf" if message["dtmf"]["digit"] == "#":
                    await socket.send_json({"event": "stop"})
    except WebSocketDisconnect:
        pass


def played(sound: bytes) -> dict[str, object]:
    """What has the caller hear `sound`."""
    payload = base64.b64encode(sound).decode()
    return {
        "event": "playAudio",
        "media": {"contentType": "audio/x-l16", "sampleRate": RATE, "payload": payload},
    }
