"""Certificates that have expired by the time a process of a running server dies: it comes back with those that it had."""

import os
import signal
from datetime import timedelta
from pathlib import Path
from socket import SOCK_STREAM

import pytest

from tests.pjsua.test_transports import common_name
from tests.processes.test_https import curl
from tests.sip.certificates import Authority
from tests.sip.stream_peer import IPV4
from tests.system.server import free_port, running_server

pytestmark = pytest.mark.sip


async def test_a_worker_and_rest_come_back_with_the_certificate_that_they_had(tmp_path: Path) -> None:
    authority, port = Authority(tmp_path), free_port(SOCK_STREAM)
    pair = authority.issue("localhost", IPV4, name="had")
    authorities = tmp_path / "authorities.pem"
    authorities.write_bytes(authority.certificate.read_bytes())
    settings = {
        "SIP_TRANSPORTS": "udp,tls",
        "SIP_TLS_PORT": str(port),
        "SIP_TLS_CERT": str(pair.certificate),
        "SIP_TLS_KEY": str(pair.key),
        "SIP_TLS_CA": str(authorities),
        "TLS_CERT": str(pair.certificate),
        "TLS_KEY": str(pair.key),
    }
    with running_server(tmp_path / "data", **settings) as server:
        expired = authority.issue("localhost", IPV4, name="expired", ends_in=timedelta(hours=-1))
        mark = server.output.mark
        pair.write(expired)
        authorities.unlink()
        for name in ("worker", "api"):
            os.kill(server.children()[name], signal.SIGKILL)
        for kind, event in (("worker-0", "sip"), ("api", "http")):
            server.output.until(f"{kind} is ready again", since=mark)
            said = server.output.until(f"{event}.certificate_not_taken", since=mark)
            assert "the one before goes on, from a copy" in said
            assert "expired on" in said
        assert await common_name(port, authority) == "had"
        status, printed = await curl(f"https://localhost:{server.http_port}/", authority)
        assert status == 0, printed
        assert "CN=had" in printed
        renewed = authority.issue("localhost", IPV4, name="renewed")
        pair.write(renewed)
        for event in ("sip", "http"):
            server.output.until(f"{event}.certificate_replaced", since=mark)
        assert await common_name(port, authority) == "renewed"
