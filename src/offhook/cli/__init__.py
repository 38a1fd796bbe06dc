"""The command line: `offhook serve`, `account`, `call`, `calls`, `outbox`, `trunk`, `app`, `speech`, `db`, `backup`,
`restore`, `keep`, `purge`, `doctor`, `demo`, `kamailio-config`, `version`.

Commands load what they need when they run: `offhook --help` answers at once.
"""

import typer

from offhook.cli.account import account
from offhook.cli.application import application
from offhook.cli.backup import backup, restore
from offhook.cli.call import call
from offhook.cli.calls import calls
from offhook.cli.database import database
from offhook.cli.demo import demo
from offhook.cli.doctor import doctor
from offhook.cli.kamailio_config import kamailio_config
from offhook.cli.keep import keep
from offhook.cli.outbox import outbox
from offhook.cli.purge import purge
from offhook.cli.secrets import secrets
from offhook.cli.serve import serve
from offhook.cli.speech import speech
from offhook.cli.trunk import trunk
from offhook.cli.version import version

app = typer.Typer(
    name="offhook",
    help="A programmable voice server: calls come in over SIP, your web application answers with verbs.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command()(serve)
app.command(context_settings={"allow_interspersed_args": True})(call)
app.add_typer(account, name="account")
app.add_typer(calls, name="calls")
app.add_typer(outbox, name="outbox")
app.add_typer(trunk, name="trunk")
app.add_typer(application, name="app")
app.add_typer(speech, name="speech")
app.add_typer(database, name="db")
app.command()(backup)
app.command()(restore)
app.add_typer(keep, name="keep")
app.command()(purge)
app.command()(doctor)
app.command()(demo)
app.command("kamailio-config")(kamailio_config)
app.add_typer(secrets, name="secrets")
app.command()(version)


def main() -> None:
    """Run the command line."""
    app()
