"""Offers that make no sense, and what is answered to them."""

from tests.sip.torture.message import BUSY, Torture, request

REFUSED = frozenset({400, 406, 413, 415, 488, 513})
EITHER = REFUSED | {BUSY}
HEAD = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
AUDIO = "m=audio 4000 RTP/AVP 0\r\n"
CRYPTO = "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:"
MULTIPART = (
    "--x\r\nContent-Type: application/sdp\r\nContent-ID: <a@b>\r\n\r\n"
    f"{HEAD}{AUDIO}\r\n--x\r\nContent-Type: image/png\r\nContent-ID: <cid:%00%00>\r\n\r\nPNG\r\n--x"
)
"""Its last boundary is cut off."""

SDPS = {
    "empty": ("", EITHER),
    "blank": ("\r\n\r\n", REFUSED),
    "no-version": (HEAD.removeprefix("v=0\r\n") + AUDIO, EITHER),
    "no-origin": ("v=0\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n" + AUDIO, REFUSED),
    "no-connection": ("v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n" + AUDIO, REFUSED),
    "no-media": (HEAD, REFUSED),
    "words": ("I would like to speak, please", REFUSED),
    "zero-bytes": (HEAD + "m=audio\x00 4000 RTP/AVP 0\r\n", REFUSED),
    "no-end-of-line": (HEAD + AUDIO.strip(), EITHER),
    "bare-line-feeds": ((HEAD + AUDIO).replace("\r\n", "\n"), EITHER),
    "media-cut-off": (HEAD + "m=audio", REFUSED),
    "media-without-formats": (HEAD + "m=audio 4000 RTP/AVP\r\n", REFUSED),
    "port-of-letters": (HEAD + "m=audio abc RTP/AVP 0\r\n", EITHER),
    "port-below-zero": (HEAD + "m=audio -4000 RTP/AVP 0\r\n", EITHER),
    "port-0": (HEAD + "m=audio 0 RTP/AVP 0\r\n", EITHER),
    "port-1": (HEAD + "m=audio 1 RTP/AVP 0\r\n", EITHER),
    "port-65536": (HEAD + "m=audio 65536 RTP/AVP 0\r\n", EITHER),
    "port-of-forty-digits": (HEAD + f"m=audio {'4' * 40} RTP/AVP 0\r\n", EITHER),
    "address-0": ((HEAD + AUDIO).replace("127.0.0.1", "0.0.0.0"), EITHER),
    "address-of-letters": ((HEAD + AUDIO).replace("IP4 127.0.0.1", "IP4 999.1.2.3"), EITHER),
    "address-of-version-6": ((HEAD + AUDIO).replace("IP4 127.0.0.1", "IP6 ::gg"), EITHER),
    "no-common-codec": (HEAD + "m=audio 4000 RTP/AVP 99\r\na=rtpmap:99 nonsense/8000\r\n", REFUSED),
    "clock-of-0": (HEAD + "m=audio 4000 RTP/AVP 99\r\na=rtpmap:99 PCMU/0\r\n", REFUSED),
    "codec-map-cut-off": (HEAD + "m=audio 4000 RTP/AVP 99\r\na=rtpmap:99\r\n", REFUSED),
    "events-alone": (HEAD + "m=audio 4000 RTP/AVP 101\r\na=rtpmap:101 telephone-event/8000\r\n", EITHER),
    "picture-alone": (HEAD + "m=video 4000 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\n", REFUSED),
    "17-media": (HEAD + AUDIO * 17, REFUSED),
    "300-media": (HEAD + "m=video 9 RTP/AVP 96\r\n" * 300, REFUSED),
    "60-formats": (HEAD + f"m=audio 4000 RTP/AVP {' '.join(map(str, range(60)))}\r\n", EITHER),
    "2000-attributes": (HEAD + AUDIO + "a=x:1\r\n" * 2000, EITHER),
    "session-attributes": (HEAD + "a=x:1\r\n" * 300 + AUDIO, EITHER),
    "long-key": (HEAD + AUDIO.replace("AVP", "SAVP") + CRYPTO + "A" * 4000 + "\r\n", EITHER),
    "100-keys": (
        HEAD
        + AUDIO.replace("AVP", "SAVP")
        + "".join(f"{CRYPTO}{'A' * 40}\r\n".replace(":1", f":{n}") for n in range(100)),
        EITHER,
    ),
    "long-key-parameters": (
        HEAD + AUDIO.replace("AVP", "SAVP") + CRYPTO + "A" * 40 + "|2^20|1:4 " * 400 + "\r\n",
        EITHER,
    ),
    "unknown-profile": (HEAD + AUDIO.replace("RTP/AVP", "UDP/TLS/RTP/SAVPF"), EITHER),
    "long-line": (HEAD + AUDIO + f"a=fmtp:0 {'x' * 9000}\r\n", EITHER),
}


def offer(name: str, body: str, answers: frozenset[int], kind: str = "application/sdp") -> Torture:
    text = request(name, "INVITE sip:user@example.com SIP/2.0", [f"Content-Type: {kind}"], body)
    return Torture(name, "", "", answers, text, is_call=BUSY in answers)
