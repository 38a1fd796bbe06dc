"""What goes over the wire to a well-mannered application, and what comes back."""

import asyncio
import gzip
import re
import zlib

import pytest

from offhook import __version__
from offhook.call.errors import FetchFailed
from offhook.interpreter.ports import Fetch
from offhook.verbs import Method, Request, Target
from offhook.webhooks.client import WebhookClient
from tests.webhooks.conftest import LOOPBACK
from tests.webhooks.server import (
    Application,
    Connection,
    Received,
    Script,
    application,
    hang_up,
    head,
    page,
    raw_answer,
    redirect,
)

DOCUMENT = "<Response><Hangup/></Response>"
PAIRS = (("From", "+1555"), ("SpeechResult", "fish & chips = £5"), ("Digits", ""))


def post(url: str, *parameters: tuple[str, str]) -> Request:
    return Request(Target(url, Method.POST), parameters)


def get(url: str, *parameters: tuple[str, str]) -> Request:
    return Request(Target(url, Method.GET), parameters)


async def test_a_post_carries_its_parameters_as_a_form(app: Application, client: WebhookClient) -> None:
    port: Fetch = client
    reply = await port.fetch(post(app.on("/voice", page(200, DOCUMENT)), *PAIRS))
    (received,) = app.requests
    assert received.method == "POST"
    assert received.target == "/voice"
    assert received.form == list(PAIRS)
    assert received.header("content-type") == "application/x-www-form-urlencoded; charset=UTF-8"
    assert received.header("user-agent") == f"Offhook/{__version__}"
    assert received.header("host") == f"127.0.0.1:{app.port}"
    assert received.header("accept-encoding") == "identity"
    assert reply.body == DOCUMENT.encode()
    assert reply.status == 200
    assert reply.content_type == "text/xml"
    assert reply.url == app.url + "/voice"


@pytest.mark.parametrize("method", list(Method))
async def test_bytes_that_are_no_text_arrive_as_question_marks(
    app: Application, client: WebhookClient, method: Method
) -> None:
    url = app.on("/voice", page(200, DOCUMENT))
    await client.fetch(Request(Target(url, method), (("From", "caf\udce9"),)))
    (received,) = app.requests
    assert (received.form or received.query) == [("From", "caf?")]


async def test_a_get_adds_its_parameters_to_the_query(app: Application, client: WebhookClient) -> None:
    app.on("/voice", page(200, DOCUMENT))
    reply = await client.fetch(get(app.url + "/voice?id=7&x=", *PAIRS))
    (received,) = app.requests
    assert received.method == "GET"
    assert received.query == [("id", "7"), ("x", ""), *PAIRS]
    assert received.body == b""
    assert received.header("content-type") is None
    assert reply.url == app.url + "/voice?id=7&x="


async def test_the_query_of_a_posted_url_stays_and_is_in_the_form_too(
    app: Application, client: WebhookClient
) -> None:
    app.on("/voice", page(200, DOCUMENT))
    await client.fetch(post(app.url + "/voice?menu=2&lang=fr%20FR", ("Digits", "1")))
    (received,) = app.requests
    assert received.query == [("menu", "2"), ("lang", "fr FR")]
    assert received.form == [("Digits", "1"), ("menu", "2"), ("lang", "fr FR")]


async def test_the_query_is_left_out_of_the_form_where_that_is_wanted(app: Application) -> None:
    client = WebhookClient(policy=LOOPBACK, query_in_body=False)
    app.on("/voice", page(200, DOCUMENT))
    await client.fetch(post(app.url + "/voice?menu=2", ("Digits", "1")))
    await client.close()
    assert app.requests[0].form == [("Digits", "1")]


async def test_international_names_and_spaces_are_encoded(app: Application, client: WebhookClient) -> None:
    app.on("/gr%C3%BC%C3%9Fe%20welt", page(200, DOCUMENT))
    reply = await client.fetch(get(app.url + "/grüße welt#part"))
    assert app.requests[0].target == "/gr%C3%BC%C3%9Fe%20welt"
    assert reply.url == app.url + "/gr%C3%BC%C3%9Fe%20welt"


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
async def test_any_2xx_is_an_answer(app: Application, client: WebhookClient, status: int) -> None:
    start = f"HTTP/1.1 {status} Fine\r\nContent-Length: 0\r\n\r\n".encode()
    reply = await client.fetch(post(app.on("/voice", raw_answer(start))))
    assert reply.status == status
    assert reply.body == b""


@pytest.mark.parametrize(
    ("status", "code"), [(404, 21402), (400, 11200), (401, 11200), (410, 11200), (500, 11200), (503, 11200)]
)
async def test_other_statuses_fail_and_the_answer_is_kept(
    app: Application, client: WebhookClient, status: int, code: int
) -> None:
    url = app.on("/voice", page(status, "<h1>Oh no</h1>", "text/html"))
    with pytest.raises(FetchFailed) as caught:
        await client.fetch(post(url, ("Digits", "1")))
    failed = caught.value
    assert (failed.code, failed.status) == (code, status)
    assert f"POST {url}: the answer was {status} " in failed.message
    assert re.search(r"\(after \d+\.\d\d s\)", failed.message)
    assert failed.exchange is not None
    assert failed.exchange.request == post(url, ("Digits", "1"))
    assert failed.exchange.reply is not None
    assert failed.exchange.reply.body == b"<h1>Oh no</h1>"
    assert failed.exchange.reply.header("Content-Type") == "text/html"


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("method", list(Method))
async def test_redirects_keep_method_and_parameters(
    app: Application, client: WebhookClient, status: int, method: Method
) -> None:
    app.on("/a/old", redirect("../new?v=2", status))
    app.on("/new", page(200, DOCUMENT))
    reply = await client.fetch(Request(Target(app.url + "/a/old", method), PAIRS))
    assert reply.url == app.url + "/new?v=2"
    old, new = app.requests
    assert old.method == new.method == method
    carried = new.query if method is Method.GET else new.form
    assert set(PAIRS) <= set(carried)
    assert ("v", "2") in new.query


async def test_three_redirects_are_followed_and_no_more(app: Application, client: WebhookClient) -> None:
    app.on("/1", redirect("/2"))
    app.on("/2", redirect("/3"))
    app.on("/3", redirect("/4"))
    app.on("/4", page(200, DOCUMENT))
    assert (await client.fetch(get(app.url + "/1"))).url == app.url + "/4"
    app.on("/0", redirect("/1"))
    with pytest.raises(FetchFailed, match="redirects more than 3 times") as caught:
        await client.fetch(get(app.url + "/0"))
    assert (caught.value.code, caught.value.status) == (11215, 302)


async def test_a_loop_of_redirects_ends(app: Application, client: WebhookClient) -> None:
    with pytest.raises(FetchFailed, match="redirects more than 3 times"):
        await client.fetch(post(app.on("/loop", redirect("/loop"))))
    assert len(app.requests) == 4


@pytest.mark.parametrize("location", ["ftp://127.0.0.1/x", "http://", "http://[", "javascript:alert(1)"])
async def test_a_redirect_to_no_usable_url_fails(
    app: Application, client: WebhookClient, location: str
) -> None:
    with pytest.raises(FetchFailed) as caught:
        await client.fetch(post(app.on("/voice", redirect(location))))
    assert caught.value.code == 11100


async def test_a_redirect_without_a_location_is_an_error_status(
    app: Application, client: WebhookClient
) -> None:
    with pytest.raises(FetchFailed, match="the answer was 302 Found"):
        await client.fetch(post(app.on("/voice", page(302))))


async def test_credentials_go_out_as_basic_and_are_shown_to_nobody(
    app: Application, client: WebhookClient
) -> None:
    app.on("/voice", page(500))
    url = app.url.replace("//", "//anna:p%40ss%3Aword@") + "/voice"
    with pytest.raises(FetchFailed) as caught:
        await client.fetch(post(url))
    assert app.requests[0].header("authorization") == "Basic YW5uYTpwQHNzOndvcmQ="
    assert app.requests[0].target == "/voice"
    failed = caught.value
    assert failed.exchange is not None
    assert failed.exchange.request.target.url == app.url + "/voice"
    assert failed.exchange.reply is not None
    assert failed.exchange.reply.url == app.url + "/voice"
    assert "anna" not in repr((failed.message, failed.exchange, str(failed)))


async def test_credentials_stay_in_the_url_that_relative_urls_stand_against(
    app: Application, client: WebhookClient
) -> None:
    app.on("/voice", page(200, DOCUMENT))
    url = app.url.replace("//", "//anna:secret@") + "/voice"
    assert (await client.fetch(post(url))).url == url


async def test_credentials_follow_a_redirect_to_the_same_origin_only(
    app: Application, client: WebhookClient
) -> None:
    async with application() as stranger:
        stranger.on("/there", page(200, DOCUMENT))
        app.on("/here", redirect("/next"))
        app.on("/next", redirect(stranger.url + "/there"))
        url = app.url.replace("//", "//anna:secret@") + "/here"
        assert (await client.fetch(post(url))).url == stranger.url + "/there"
    assert [received.header("authorization") is not None for received in app.requests] == [True, True]
    assert stranger.requests[0].header("authorization") is None


async def test_a_redirect_may_bring_its_own_credentials(app: Application, client: WebhookClient) -> None:
    app.on("/a", redirect(app.url.replace("//", "//bob:b@") + "/b"))
    app.on("/b", page(200, DOCUMENT))
    await client.fetch(post(app.url.replace("//", "//anna:a@") + "/a"))
    assert [received.header("authorization") for received in app.requests] == [
        "Basic YW5uYTph",
        "Basic Ym9iOmI=",
    ]


async def test_connections_are_used_again(app: Application, client: WebhookClient) -> None:
    url = app.on("/voice", page(200, DOCUMENT))
    app.on("/gone", page(404, "no"))
    for _ in range(5):
        await client.fetch(post(url))
        await client.send(post(url))
        await client.send(post(app.url + "/gone"))
    assert app.connections == 1


async def test_a_connection_that_closes_just_as_it_is_used_again_costs_nothing(
    app: Application, client: WebhookClient
) -> None:
    url = app.on("/voice", page(200, DOCUMENT), hang_up, page(200, DOCUMENT))
    await client.fetch(post(url))
    assert (await client.fetch(post(url))).status == 200
    assert [received.connection for received in app.requests] == [1, 1, 2]


ANSWER = head(200, {"Content-Type": "text/xml", "Content-Length": "2"}) + b"ok"


@pytest.mark.parametrize(
    "first",
    [
        pytest.param(raw_answer(ANSWER, closes=True), id="closed"),
        pytest.param(raw_answer(ANSWER + ANSWER), id="a second answer"),
        pytest.param(raw_answer(ANSWER + b"x"), id="a byte too many"),
        pytest.param(page(200, "ok", Connection="close"), id="said to close"),
    ],
)
async def test_a_connection_that_is_over_or_spoilt_is_not_used_again(
    app: Application, client: WebhookClient, first: Script
) -> None:
    url = app.on("/voice", first, page(200, DOCUMENT))
    assert (await client.fetch(post(url))).body == b"ok"
    await app.has(lambda app: app.lost == 1)
    assert (await client.fetch(post(url))).body == DOCUMENT.encode()
    assert [received.connection for received in app.requests] == [1, 2]


async def test_what_comes_on_an_idle_connection_ends_it(app: Application, client: WebhookClient) -> None:
    said = asyncio.Event()

    async def talkative(_received: Received, connection: Connection) -> None:
        await connection.send(ANSWER)
        async with asyncio.timeout(20.0):
            await said.wait()
        await connection.send(ANSWER)

    url = app.on("/voice", talkative, page(200, DOCUMENT))
    await client.fetch(post(url))
    said.set()
    await app.has(lambda app: app.lost == 1)
    assert (await client.fetch(post(url))).body == DOCUMENT.encode()
    assert [received.connection for received in app.requests] == [1, 2]


async def test_a_large_sound_is_read_piece_by_piece(app: Application, client: WebhookClient) -> None:
    body = bytes(range(256)) * 40_000
    app.on("/long.wav", page(200, body, "audio/wav"))
    assert (await client.media(app.url + "/long.wav")).body == body


async def test_a_new_connection_that_closes_is_not_tried_again(
    app: Application, client: WebhookClient
) -> None:
    with pytest.raises(FetchFailed) as caught:
        await client.fetch(post(app.on("/voice", hang_up)))
    assert caught.value.code == 11206
    assert len(app.requests) == 1


async def test_a_document_of_the_longest_length_is_read(app: Application, client: WebhookClient) -> None:
    body = b"x" * 65_536
    assert (await client.fetch(post(app.on("/voice", page(200, body))))).body == body


async def test_a_longer_document_fails(app: Application, client: WebhookClient) -> None:
    with pytest.raises(FetchFailed, match="longer than the 65,536 bytes allowed") as caught:
        await client.fetch(post(app.on("/voice", page(200, b"x" * 65_537))))
    assert caught.value.code == 11750


async def test_a_sound_in_place_of_a_document_is_left_where_it_is(
    app: Application, client: WebhookClient
) -> None:
    reply = await client.fetch(post(app.on("/voice", page(200, b"R" * 200_000, "Audio/WAV; rate=8000"))))
    assert reply.content_type == "audio/wav"
    assert reply.body == b""


async def test_media_may_be_larger_and_is_fetched_by_get(app: Application, client: WebhookClient) -> None:
    body = bytes(range(256)) * 4_000
    app.on("/hello.wav", page(200, body, "audio/wav"))
    reply = await client.media(app.url + "/hello.wav?v=1")
    assert reply.body == body
    assert app.requests[0].method == "GET"
    assert app.requests[0].query == [("v", "1")]


async def test_media_that_are_missing_fail(app: Application, client: WebhookClient) -> None:
    with pytest.raises(FetchFailed) as caught:
        await client.media(app.url + "/missing.wav")
    assert (caught.value.code, caught.value.status) == (21402, 404)


@pytest.mark.parametrize("encoding", ["gzip", "x-gzip", "deflate", "identity"])
async def test_a_compressed_answer_is_understood_though_not_asked_for(
    app: Application, client: WebhookClient, encoding: str
) -> None:
    plain = DOCUMENT.encode() * 1_000
    packed = {"deflate": zlib.compress(plain), "identity": plain}.get(encoding, gzip.compress(plain))
    url = app.on("/voice", page(200, packed, Content_Encoding=encoding))
    assert (await client.fetch(post(url))).body == plain


async def test_a_chunked_answer_is_put_together(app: Application, client: WebhookClient) -> None:
    start = head(200, {"Content-Type": "text/xml", "Transfer-Encoding": "chunked"})
    url = app.on("/voice", raw_answer(start + b"5\r\n<Resp\r\n6\r\nonse/>\r\n0\r\n\r\n"))
    assert (await client.fetch(post(url))).body == b"<Response/>"


async def test_an_answer_without_a_length_ends_with_its_connection(
    app: Application, client: WebhookClient
) -> None:
    start = head(200, {"Content-Type": "text/xml"})
    url = app.on("/voice", raw_answer(start + b"<Response/>", closes=True))
    assert (await client.fetch(post(url))).body == b"<Response/>"


@pytest.mark.parametrize("status", [200, 204, 302, 404, 500])
async def test_a_notification_tells_the_status_whatever_it_is(
    app: Application, client: WebhookClient, status: int
) -> None:
    url = app.on("/status", page(status, "ignored" if status != 204 else ""))
    reply = await client.send(post(url, ("CallStatus", "completed")), (("X-Offhook-Delivery", "abc"),))
    assert reply.status == status
    assert app.requests[0].form == [("CallStatus", "completed")]
    assert app.requests[0].header("X-Offhook-Delivery") == "abc"


async def test_the_body_of_a_receipt_cannot_make_it_fail(app: Application, client: WebhookClient) -> None:
    bodies = (
        page(200, b"\x00\x01", Content_Encoding="br"),
        page(200, b"x" * 300_000),
        raw_answer(head(200, {"Content-Length": "999"}) + b"short", closes=True),
    )
    url = app.on("/status", *bodies)
    for _ in bodies:
        assert (await client.send(post(url))).status == 200


async def test_many_at_once_do_not_wait_for_each_other(app: Application, client: WebhookClient) -> None:
    url = app.on("/voice", page(200, DOCUMENT))
    replies = await asyncio.gather(*(client.fetch(post(url, ("n", str(n)))) for n in range(150)))
    assert {reply.status for reply in replies} == {200}
    assert sorted(int(received.form[0][1]) for received in app.requests) == list(range(150))


@pytest.mark.parametrize("method", list(Method))
async def test_what_is_secret_of_a_request_is_sent_and_told_nobody(
    app: Application, client: WebhookClient, method: Method
) -> None:
    pin, phrase = "8346109257", "open sesame"
    app.on(f"/echo/{pin}", page(500, f"{pin} {phrase}", X_Pin=pin))
    url = app.on("/pin", redirect(f"/echo/{pin}?words=open+sesame"))
    secret = Request(
        Target(url, method),
        (("CallSid", "CA1"), ("Digits", pin), ("SpeechResult", phrase)),
        ("Digits", "SpeechResult"),
    )
    with pytest.raises(FetchFailed, match=r"redirected to http://127.0.0.1:\d+/echo/…\?…: ") as failed:
        await client.fetch(secret)
    for received in app.requests:
        assert ("Digits", pin) in (received.form or received.query)
    exchange = failed.value.exchange
    assert exchange is not None
    assert exchange.request.parameters == (("CallSid", "CA1"), ("Digits", "…"), ("SpeechResult", "…"))
    assert exchange.reply is not None
    assert (exchange.reply.status, exchange.reply.headers) == (500, ())
    told = f"{failed.value} {exchange}"
    assert pin not in told
    assert "sesame" not in told
