"""`offhook app check`: what is wrong with an application's document, before a caller finds out."""

import asyncio
import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from offhook.cli.document_languages import FOUND_OUT, DocumentLanguage, document_language, probable_name

if TYPE_CHECKING:
    from offhook.call.exchange import Reply
    from offhook.dialects.xml_reading.check import Finding

RUNS, FAILS, BAD_USE = 0, 1, 2
FILE_URL = "http://application.example/"
"""Where a document from a file is taken to come from: relative URLs in it stand against this."""

application = typer.Typer(help="Your application's side.", no_args_is_help=True)


@application.callback()
def _application() -> None:
    """Your application's side."""


@application.command()
def check(
    source: Annotated[str, typer.Argument(help="A file, - for standard input, or an http(s) URL.")],
    method: Annotated[str, typer.Option("--method", help="How a URL is asked: POST or GET.")] = "POST",
    param: Annotated[
        list[str] | None,
        typer.Option("--param", help="A parameter to send, as name=value, besides those of a call."),
    ] = None,
    dialect: Annotated[
        str,
        typer.Option("--dialect", help="What it is written in: rcml, vobiz or plivo, or auto to find out."),
    ] = FOUND_OUT,
    strict: Annotated[bool, typer.Option("--strict", help="Warnings fail the check too.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Read a document, RCML or Vobiz XML, and say what is wrong with it, where, and what was probably meant.

    A URL is asked as a call would ask it, by the same client under the same settings, with the parameters of a
    pretended call; once more where the answer turns out to be in another language. The exit status is 0 for a document that runs, warnings or not; 1 for one that cannot be run;
    2 for wrong use.
    """
    from offhook.call.errors import FetchFailed
    from offhook.dialects.xml_reading.check import Finding, Severity

    try:
        language = document_language(dialect if dialect != FOUND_OUT else probable_name(b""))
        if source.startswith(("http://", "https://")):
            reply, language = asyncio.run(_asked(source, method.upper(), _pairs(param or []), dialect))
        else:
            reply = _from_file(source)
            language = document_language(probable_name(reply.body)) if dialect == FOUND_OUT else language
        findings = language.check(reply)
    except FetchFailed as failed:
        findings = (Finding(severity=Severity.ERROR, code=failed.code, message=failed.message),)
    except (OSError, ValueError) as error:
        typer.echo(f"{source}: {error}", err=True)
        raise typer.Exit(BAD_USE) from None
    runs = not any(strict or found.severity is Severity.ERROR for found in findings)
    if as_json:
        told = {
            "source": source,
            "dialect": language.name,
            "runs": runs,
            "findings": [asdict(found) for found in findings],
        }
        typer.echo(json.dumps(told))
    else:
        for found in findings:
            typer.echo(_line(found))
        typer.echo(_verdict(source, language, findings, runs))
    raise typer.Exit(RUNS if runs else FAILS)


def _line(found: "Finding") -> str:
    places = (("line", found.line), ("column", found.column))
    where = ", ".join(f"{name} {number}" for name, number in places if number is not None)
    return f"{where}: {found.severity}: {found.message}" if where else f"{found.severity}: {found.message}"


def _verdict(source: str, language: DocumentLanguage, findings: tuple["Finding", ...], runs: bool) -> str:
    if language.name != probable_name(b""):
        source = f"{source} ({language.title})"
    if not findings:
        return f"{source}: it runs, and nothing is wrong with it"
    counts = []
    for kind in ("error", "warning"):
        count = sum(found.severity == kind for found in findings)
        if count:
            counts.append(f"{count} {kind}{'s' if count > 1 else ''}")
    return f"{source}: {'it runs' if runs else 'it fails'}; {', '.join(counts)}"


def _pairs(given: list[str]) -> dict[str, str]:
    pairs = {}
    for pair in given:
        name, equals, value = pair.partition("=")
        if not equals or not name:
            raise ValueError(f"--param {pair!r}: write it as name=value")
        pairs[name] = value
    return pairs


def _from_file(source: str) -> "Reply":
    """The document as an application would answer it. Raises OSError."""
    from offhook.call.exchange import Reply

    body = sys.stdin.buffer.read() if source == "-" else Path(source).read_bytes()
    return Reply(url=FILE_URL, status=200, headers=(("Content-Type", "text/xml"),), body=body)


async def _asked(
    url: str, method: str, given: dict[str, str], dialect: str
) -> tuple["Reply", DocumentLanguage]:
    """What the application answers a call, and in what. Raises as `_fetched`."""
    language = document_language(probable_name(b"") if dialect == FOUND_OUT else dialect)
    reply = await _fetched(url, method, given, language)
    if dialect == FOUND_OUT and (probable := probable_name(reply.body)) != language.name:
        language = document_language(probable)
        reply = await _fetched(url, method, given, language)
    return reply, language


async def _fetched(url: str, method: str, given: dict[str, str], language: DocumentLanguage) -> "Reply":
    """What the application answers a call. Raises FetchFailed, ValueError for what is no setting or no method."""
    from datetime import UTC, datetime

    from offhook.bootstrap import webhook_client
    from offhook.call.info import CallInfo, Direction, new_id
    from offhook.config import Settings
    from offhook.verbs import Method, Request, Target

    if method not in tuple(Method):
        raise ValueError(f"--method {method!r}: write GET or POST")
    call = CallInfo(
        call_id=new_id(),
        account_sid=f"AC{'0' * 32}",
        direction=Direction.INBOUND,
        from_="+15550100",
        to="1000",
        created_at=datetime.now(UTC),
    )
    parameters = {**dict(language.first_parameters(call)), **given}
    client = webhook_client(Settings())
    try:
        return await client.fetch(Request(Target(url, Method(method)), tuple(parameters.items())))
    finally:
        await client.close()
