"""The command line: `offhook serve`, `call`, `db`, `doctor`, `demo`, `kamailio-config`, `version`.

Commands load what they need when they run: `offhook --help` answers at once.
"""

import typer

from offhook.cli.call import call
from offhook.cli.database import database
from offhook.cli.demo import demo
from offhook.cli.doctor import doctor
from offhook.cli.kamailio_config import kamailio_config
from offhook.cli.serve import serve
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
app.add_typer(database, name="db")
app.command()(doctor)
app.command()(demo)
app.command("kamailio-config")(kamailio_config)
app.command()(version)


def main() -> None:
    """Run the command line."""
    app()
