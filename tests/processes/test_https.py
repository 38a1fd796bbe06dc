"""HTTPS as curl sees it; certificates that cannot be used, and settings that make no sense."""

import asyncio
import re
from datetime import timedelta
from pathlib import Path

import pytest

from offhook.kept_certificate import KeptCertificate
from offhook.processes.quiet_server import QuietServer, listening_socket
from offhook.tls_files import TlsFiles
from tests.sip.certificates import Authority
from tests.system.conftest import offhook
from tests.system.server import environment

PATIENCE_S = 30


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("https-authority"))


async def application(scope: dict[str, object], receive: object, send: object) -> None:
    """Says hello."""
    assert callable(send)
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": f"hello over {scope['scheme']}".encode()})


async def curl(url: str, authority: Authority, *options: str) -> tuple[int | None, str]:
    """Its exit status, and all that it prints: the answer, and what it saw of the certificate."""
    process = await asyncio.create_subprocess_exec(
        *("curl", "--silent", "--show-error", "--verbose", "--noproxy", "*", "--max-time", "10"),
        *("--cacert", str(authority.certificate), *options, url),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    printed, _ = await process.communicate()
    return process.returncode, printed.decode("utf-8", "replace")


async def test_https_and_a_renewed_certificate(authority: Authority, tmp_path: Path) -> None:
    used, renewed = authority.issue("localhost", name="first"), authority.issue("localhost", name="second")
    files = TlsFiles(certificate=used.certificate, key=used.key)
    kept = KeptCertificate(files, tmp_path)
    assert kept.begin() is None
    server, bound = QuietServer(application, kept), listening_socket("127.0.0.1", 0)
    serving = asyncio.create_task(server.serve(sockets=[bound]))
    at = f"localhost:{bound.getsockname()[1]}"
    status, printed = await curl(f"https://{at}/", authority)
    assert status == 0, printed
    assert "hello over https" in printed
    assert "CN=first" in printed
    assert (await curl(f"https://{at}/", authority, "--tlsv1.0", "--tls-max", "1.1"))[0] != 0
    assert (await curl(f"http://{at}/", authority))[0] != 0
    used.key.write_bytes(renewed.key.read_bytes())
    assert "CN=first" in (await curl(f"https://{at}/", authority))[1]  # until the certificate fits the key
    used.write(renewed)
    async with asyncio.timeout(PATIENCE_S):
        while "CN=second" not in (await curl(f"https://{at}/", authority))[1]:
            pass
    server.stop()
    await serving


def test_a_certificate_that_cannot_be_used_is_named_at_the_start(
    authority: Authority, tmp_path: Path
) -> None:
    expired = authority.issue("localhost", ends_in=timedelta(hours=-1))
    files = {"TLS_CERT": str(expired.certificate), "TLS_KEY": str(expired.key)}
    done = offhook("serve", **environment(tmp_path, **files))
    assert done.returncode == 78
    assert re.search(r"offhook: OFFHOOK_TLS_CERT: .* expired on", done.stderr)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"OFFHOOK_TLS_CERT": "a.pem"}, "OFFHOOK_TLS_CERT and OFFHOOK_TLS_KEY go together"),
        ({"OFFHOOK_SIP_TLS_KEY": "a.pem"}, "OFFHOOK_SIP_TLS_CERT and OFFHOOK_SIP_TLS_KEY go together"),
        ({"OFFHOOK_SIP_TRANSPORTS": "udp, sctp"}, "sctp is no transport; write udp, tcp, tls"),
        ({"OFFHOOK_CODECS": "PCMU, AMR"}, "'AMR' is no codec of ours; write PCMU, PCMA, G722, opus, GSM"),
        ({"OFFHOOK_CODECS": "pcma, alaw"}, "PCMA is there twice"),
        ({"OFFHOOK_SIP_HOST_IPV6": "127.0.0.1"}, "write an IPv6 address"),
        ({"OFFHOOK_SRTP": "maybe"}, "off"),
    ],
)
def test_settings_that_make_no_sense_are_named(
    settings: dict[str, str], words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from offhook.config import Settings

    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(ValueError, match=words.replace("'", ".")):
        Settings()
