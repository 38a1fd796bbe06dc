"""Whether the server lives, whether it takes calls, and who may read its numbers."""

from dataclasses import replace
from ipaddress import ip_network

import httpx2
import pytest

from offhook.rest.app import create_app
from offhook.rest.ports import Readiness
from tests.rest.site import Site


async def ask(site: Site, path: str, *, client: str = "127.0.0.1", **headers: str) -> httpx2.Response:
    """What the server answers to somebody at an address, who may read metrics from 10.1.0.0/16 and ::1."""

    async def metrics() -> bytes:
        return b"offhook_database_up 1\n"

    ports = replace(
        site.app.state.ports,
        process_states=lambda: {"worker-0": "ready", "voice": "dead"},
        metrics=metrics,
        metrics_allow=(ip_network("10.1.0.0/16"), ip_network("::1/128")),
    )
    transport = httpx2.ASGITransport(app=create_app(ports), client=(client, 40000))
    async with httpx2.AsyncClient(transport=transport, base_url="http://offhook.example") as asking:
        return await asking.get(path, headers=headers)


async def test_a_server_that_takes_calls_is_ready(site: Site) -> None:
    answer = await ask(site, "/readyz")
    assert answer.status_code == 200
    assert answer.json() == {
        "status": "ready",
        "missing": [],
        "checks": {"sip": True, "database": True, "speech": True},
        "message": "",
    }


async def test_one_that_does_not_says_what_is_missing(site: Site) -> None:
    site.readiness = Readiness(sip=False, database=True, speech=False)
    answer = await ask(site, "/readyz")
    assert answer.status_code == 503
    assert answer.json() == {
        "status": "starting",
        "missing": ["sip", "speech"],
        "checks": {"sip": False, "database": True, "speech": False},
        "message": "no worker takes calls; the voice or the recogniser is away",
    }


async def test_one_that_drains_is_not_ready_any_more(site: Site) -> None:
    site.readiness = Readiness(sip=True, database=True, speech=True, is_draining=True)
    answer = await ask(site, "/readyz")
    assert (answer.status_code, answer.json()["status"]) == (503, "draining")
    assert "told to stop" in answer.json()["message"]


async def test_a_server_lives_whatever_is_missing(site: Site) -> None:
    def nobody_asks() -> Readiness:
        raise AssertionError("to live is not to be ready")

    site.app.state.ports = replace(site.app.state.ports, readiness=nobody_asks)
    answer = await ask(site, "/healthz")
    assert answer.status_code == 200
    assert answer.json() == {"status": "alive", "processes": {"worker-0": "ready", "voice": "dead"}}


@pytest.mark.parametrize("client", ["10.1.2.3", "::1", "::ffff:10.1.2.3"])
async def test_numbers_are_for_those_who_are_named(site: Site, client: str) -> None:
    answer = await ask(site, "/metrics", client=client)
    assert (answer.status_code, answer.text) == (200, "offhook_database_up 1\n")
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")


@pytest.mark.parametrize("client", ["10.2.0.1", "192.0.2.7", "fe80::1%eth0", "testclient"])
async def test_anybody_else_is_told_which_setting_keeps_them_out(site: Site, client: str) -> None:
    answer = await ask(site, "/metrics", client=client)
    assert answer.status_code == 403
    assert "OFFHOOK_METRICS_ALLOW" in answer.text
    assert "offhook_database_up" not in answer.text


async def test_a_proxy_that_may_read_does_not_read_for_others(site: Site) -> None:
    def asked_for(told: str) -> dict[str, str]:
        return {"x-forwarded-for": told}

    assert (await ask(site, "/metrics", client="10.1.0.1", **asked_for("192.0.2.7"))).status_code == 403
    assert (
        await ask(site, "/metrics", client="10.1.0.1", **asked_for("10.1.9.9, 192.0.2.7"))
    ).status_code == 403
    assert (await ask(site, "/metrics", client="10.1.0.1", **asked_for("10.1.9.9"))).status_code == 200
