"""What PJSIP is compiled with: its limits, its options, its flags, and the key that names the result."""

import hashlib
import platform
import sysconfig
from dataclasses import dataclass

from scripts.engine_build.fault import EngineFault

DEFAULT_CALLS = 512
MOST_CALLS = 2048
HANDLES = 8192
HANDLES_KEPT_BACK = 192
"""Sockets that are not audio: SIP over UDP, TCP and TLS."""
PLAYERS = RECORDERS = 2048
NEW_CALLS_PER_S = 200.0
"""How many new calls a process takes in; far more were answered without a retransmit, but an application is asked too."""

SOCKET_BUFFER_BYTES = 4 * 1024 * 1024
FIXED_LIMITS = {
    "PJSUA_MAX_ACC": 64,
    "PJSUA_MAX_PLAYERS": PLAYERS,
    "PJSUA_MAX_RECORDERS": RECORDERS,
    "PJSUA_MAX_CONF_PORTS": 8192,
    "PJ_IOQUEUE_MAX_HANDLES": HANDLES,
    "PJSIP_MAX_TSX_COUNT": 16383,
    "PJSIP_MAX_DIALOG_COUNT": 8191,
    "PJSIP_MAX_URL_SIZE": 512,
    "PJSIP_MAX_PKT_LEN": 16384,
    "PJSIP_UDP_SO_SNDBUF_SIZE": SOCKET_BUFFER_BYTES,
    "PJSIP_UDP_SO_RCVBUF_SIZE": SOCKET_BUFFER_BYTES,
    "PJSIP_TCP_TRANSPORT_BACKLOG": 128,
    "PJSIP_TLS_TRANSPORT_BACKLOG": 128,
    # The key exchange of SRTP in 2.17 keeps 64 tags on its stack and does not count them: no more may reach it.
    "PJMEDIA_MAX_SDP_ATTR": 64,
    # Told with the limits, for whoever asks whether a build can.
    "PJ_HAS_IPV6": 1,
}
SWITCHES = {
    "PJMEDIA_HAS_VIDEO": 0,
    "PJMEDIA_HAS_SRTP": 1,
    "PJ_HAS_SSL_SOCK": 1,
    "PJ_DEBUG": 0,
    "PJSIP_SAFE_MODULE": 0,
    "PJ_LOG_MAX_LEVEL": 4,
}

CONFIGURE = (
    "--enable-epoll",
    "--disable-video",
    "--disable-sound",
    "--disable-resample",
    "--enable-libsamplerate",
    "--with-external-srtp",
    "--with-external-gsm",
    "--with-external-speex",
    # What Debian strips from the source, and what a server of G.711, G.722 and Opus has no use for.
    "--disable-ilbc-codec",
    "--disable-g7221-codec",
    "--disable-opencore-amr",
    "--disable-silk",
    "--disable-bcg729",
    "--disable-lyra",
    "--disable-libyuv",
    "--disable-libwebrtc",
    "--disable-upnp",
    "--disable-sdl",
    "--disable-ffmpeg",
    "--disable-v4l2",
    "--disable-openh264",
    "--disable-vpx",
    "--disable-speex-aec",
)
HARDENING = (
    "-fPIC",
    "-fstack-protector-strong",
    "-fstack-clash-protection",
    "-U_FORTIFY_SOURCE",
    "-D_FORTIFY_SOURCE=2",
)
FLAGS = ("-O2", "-DNDEBUG", "-w", *HARDENING)
WRAPPER_FLAGS = ("-O1", "-DNDEBUG", "-w", *HARDENING)
"""The wrapper passes values to and fro; optimising it further takes a minute and gains nothing."""
LINK_FLAGS = ("-shared", "-Wl,-z,relro,-z,now", "-Wl,-z,noexecstack", "-Wl,--strip-debug")


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """Everything about a build but its source."""

    calls: int = DEFAULT_CALLS
    """PJSUA_MAX_CALLS."""
    opus: bool = True
    """Whether the headers of Opus are there."""

    @property
    def limits(self) -> dict[str, int]:
        """The limits under the names that config_site.h has for them."""
        return {"PJSUA_MAX_CALLS": self.calls, **FIXED_LIMITS}

    @property
    def config_site(self) -> str:
        """The text of config_site.h."""
        lines = [f"#define {name} {value}" for name, value in (self.limits | SWITCHES).items()]
        return "\n".join(lines) + "\n"

    @property
    def configure(self) -> tuple[str, ...]:
        """The options of PJSIP's configure script."""
        return CONFIGURE if self.opus else (*CONFIGURE, "--disable-opus")

    @property
    def mark(self) -> str:
        """Tells one way of building from another, whatever the source and the number of calls."""
        return _digest(repr((FIXED_LIMITS, SWITCHES, CONFIGURE, FLAGS, WRAPPER_FLAGS, LINK_FLAGS, *_here())))

    def key(self, source_checksum: str) -> str:
        """The name of the result in the cache, made of all that has a say in it."""
        return _digest(repr((source_checksum, self.mark, self.calls, self.opus)))


def calls_from(text: str | None) -> int:
    """The number of calls that was asked for; 512 unless set. Raises EngineFault."""
    if not text:
        return DEFAULT_CALLS
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= MOST_CALLS:
        raise EngineFault(
            f"{text!r} is no number of calls: write OFFHOOK_ENGINE_CALLS (make engine CALLS=) as 1 to {MOST_CALLS}"
        )
    return int(text)


def _here() -> tuple[str, str]:
    return str(sysconfig.get_config_var("EXT_SUFFIX")), platform.machine()


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:24]
