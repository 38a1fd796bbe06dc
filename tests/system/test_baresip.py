"""baresip as the caller: somebody else's softphone with somebody else's RTP."""

import asyncio
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.system.conftest import write_wav
from tests.system.server import Server
from tests.webhooks.server import Application, page

pytestmark = pytest.mark.sip

MENU = """<Response>
  <Gather input="speech" hints="sales, support" action="heard" postTimeout="1"><Say>Hi</Say></Gather>
</Response>"""
CONFIG = """
module_path /usr/lib/baresip/modules
module stdio.so
module g711.so
module aufile.so
module aubridge.so
module account.so
module menu.so
sip_listen 127.0.0.1:0
net_interface 127.0.0.1
audio_source aufile,{folder}/in.wav
audio_player aubridge,nowhere
audio_alert aubridge,nowhere
ausrc_srate 8000
auplay_srate 8000
ausrc_channels 1
auplay_channels 1
"""


async def test_a_softphone_says_support_and_is_understood(
    server: Server, app: Application, said: Callable[[str], bytes], tmp_path: Path
) -> None:
    write_wav(tmp_path / "in.wav", bytes(2 * 16_000) + said("support") + bytes(10 * 16_000))
    (tmp_path / "config").write_text(CONFIG.format(folder=tmp_path))
    (tmp_path / "accounts").write_text("<sip:baresip@127.0.0.1>;regint=0\n")
    (tmp_path / "contacts").write_text("")
    app.on("/voice", page(200, MENU))
    app.on("/heard", page(200, "<Response><Say>Goodbye</Say></Response>"))
    server.give_number("7501", f"{app.url}/voice")
    softphone = await asyncio.create_subprocess_exec(
        "baresip",
        *("-f", str(tmp_path), "-e", f"/dial sip:7501@127.0.0.1:{server.sip_port}", "-t", "40"),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    try:
        await app.has(lambda seen: any(received.path == "/heard" for received in seen.requests), within_s=30)
    finally:
        softphone.terminate()
        printed, _ = await softphone.communicate()
    heard = [dict(received.form) for received in app.requests if received.path == "/heard"]
    assert [form["SpeechResult"] for form in heard] == ["support"], printed.decode(errors="replace")[-3000:]
    assert server.call_to("7501")["from"] == "baresip"
