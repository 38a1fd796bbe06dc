"""A speech engine of your own, as small as one can be: it says how long the caller spoke.

pip install websockets
python server.py 9000
OFFHOOK_ASR_CUSTOM=mine=ws://127.0.0.1:9000 OFFHOOK_ASR=custom:mine offhook serve
"""

import asyncio
import json
import sys

from websockets.asyncio.server import ServerConnection, serve


async def listen(offhook: ServerConnection) -> None:
    start, heard_s = json.loads(await offhook.recv()), 0.0
    async for message in offhook:
        if isinstance(message, bytes):  # 20 ms of audio: put your recogniser here
            heard_s += len(message) / 2 / start["sampleRateHz"]
        elif json.loads(message)["type"] == "stop":
            await tell(offhook, f"{heard_s:.1f} seconds", is_final=True)
            return  # and so the connection is closed, which ends the utterance
        if heard_s and start["interimResults"] and heard_s % 1 < 0.02:
            await tell(offhook, f"{heard_s:.0f} seconds so far", is_final=False)


async def tell(offhook: ServerConnection, transcript: str, *, is_final: bool) -> None:
    alternatives = [{"transcript": transcript, "confidence": 1.0}]
    await offhook.send(
        json.dumps({"type": "transcription", "is_final": is_final, "alternatives": alternatives})
    )


async def main(port: int) -> None:
    async with serve(listen, "127.0.0.1", port) as server:
        print(f"listening on ws://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
