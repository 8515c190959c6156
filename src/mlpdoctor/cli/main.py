"""The command line: its commands, and how every run ends."""

import os
import sys
from typing import NoReturn

import click

from mlpdoctor import __version__
from mlpdoctor.cli.commands.check import EXAMPLES, check
from mlpdoctor.cli.commands.config import config
from mlpdoctor.cli.commands.curve import curve
from mlpdoctor.cli.commands.docs import docs
from mlpdoctor.cli.commands.rules import explain, rules
from mlpdoctor.cli.commands.schema import schema
from mlpdoctor.cli.commands.shared import FAILED
from mlpdoctor.cli.commands.treat import treat
from mlpdoctor.cli.output import traceback
from mlpdoctor.core.errors import InputError

INTERRUPTED = 130


def main() -> NoReturn:
    """Run the command line; bad input ends in one line on standard error and status 2."""
    try:
        commands(prog_name="mlpdoctor", standalone_mode=False)
    except click.UsageError as complaint:
        where = f"; see '{complaint.ctx.command_path} --help'" if complaint.ctx else ""
        click.echo(f"mlpdoctor: {complaint.format_message().rstrip('.')}{where}", err=True)
        sys.exit(FAILED)
    except InputError as complaint:
        click.echo(f"mlpdoctor: {complaint}", err=True)
        sys.exit(FAILED)
    except (click.Abort, KeyboardInterrupt):
        sys.exit(INTERRUPTED)
    except BrokenPipeError:
        # Whoever read the report has seen enough; the interpreter must not complain about it at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except Exception:  # noqa: BLE001  whatever it is, status 1 would say that something was found
        click.echo(
            f"mlpdoctor {__version__}: this is a fault in mlpdoctor, not in your files; please report it:", err=True
        )
        traceback()
        sys.exit(FAILED)
    sys.exit(0)


@click.group(
    name="mlpdoctor", context_settings={"help_option_names": ["-h", "--help"]}, epilog=EXAMPLES, no_args_is_help=True
)
@click.version_option(__version__, "--version", prog_name="mlpdoctor")
def commands() -> None:
    """Say why a neural network's loss is stuck.

    Works out what the loss could be, where the model stands, and what keeps it there, from a saved Keras model and
    its data.
    """


for command in (check, config, curve, docs, explain, rules, schema, treat):
    commands.add_command(command)
