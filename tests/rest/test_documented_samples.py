"""The samples of the Gather Speech page, run as they stand there, but for scheme, host and credentials."""

import json
import shlex
import socket
import subprocess
import threading
from base64 import b64encode
from collections.abc import Iterator
from http.client import HTTPConnection

import pytest
import uvicorn

from tests.records import story
from tests.records.story import gather
from tests.rest.site import Site

ACCOUNT_SID = "AC" + "X" * 32
AUTH_TOKEN = "my_AUTH_TOKEN"
CALL = "d9e08ede8b604e739ba7d0bd477fdf49"
GATHER_SID = "GAc377eb0e657e415383de087ab38797db"
ROOT = "/restcomm/2012-04-24/Accounts/ACXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXX/Gathers/Speech"


@pytest.fixture
def host(site: Site) -> Iterator[str]:
    """The address of a real server with the account and the record that the page speaks of."""
    story.account(site.database, ACCOUNT_SID, auth_token=AUTH_TOKEN)
    site.record(*gather(ACCOUNT_SID, CALL, gather_id=GATHER_SID[2:]))
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(site.app, log_config=None, lifespan="off"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    yield f"127.0.0.1:{listener.getsockname()[1]}"
    server.should_exit = True
    thread.join()
    listener.close()


@pytest.mark.parametrize("path", [f"{ROOT}/{GATHER_SID}", ROOT])
def test_the_python_sample_runs(host: str, path: str) -> None:
    user_and_pass = b64encode(bytes(ACCOUNT_SID + ":" + AUTH_TOKEN, "utf-8")).decode("ascii")
    headers = {"Authorization": f"Basic {user_and_pass}"}

    conn = HTTPConnection(host)
    conn.request("GET", path, headers=headers)
    res = conn.getresponse()
    answer = json.loads(res.read())
    conn.close()

    assert (res.status, res.reason) == (200, "OK")
    (record,) = answer.get("gathers", [answer])
    assert record["sid"] == GATHER_SID


@pytest.mark.parametrize(
    "path",
    [
        f"{ROOT}/{GATHER_SID}",
        ROOT,
        f"{ROOT}?CallSid=IDbb44ef8c2ebf4d4599d0378a2a8a2ea8-CAd9e08ede8b604e739ba7d0bd477fdf49",
    ],
)
def test_the_curl_sample_runs(host: str, path: str) -> None:
    command = f"curl -X GET http://{host}{path}  \\\n   -u '{ACCOUNT_SID}:{AUTH_TOKEN}'"
    assert shlex.split(command)[:3] == ["curl", "-X", "GET"]
    done = subprocess.run(
        ["sh", "-c", command], capture_output=True, check=True, text=True, timeout=30, env={"NO_PROXY": "*"}
    )
    answer = json.loads(done.stdout)
    (record,) = answer.get("gathers", [answer])
    assert record["sid"] == GATHER_SID
    assert record["call_sid"] == f"IDbb44ef8c2ebf4d4599d0378a2a8a2ea8-CA{CALL}"
