"""The command line: its commands, and how every run ends."""

import importlib
import sys
import warnings
from typing import NoReturn

import click

from mlpdoctor import __version__
from mlpdoctor.cli.commands.options import EXAMPLES
from mlpdoctor.cli.commands.shared import FAILED, loaded
from mlpdoctor.cli.output import say, traceback
from mlpdoctor.cli.streams import INTERRUPTED, Interrupt, StdoutRefuses, completed, silence, to_stderr, watched
from mlpdoctor.core.errors import InputError
from mlpdoctor.core.whole_file import listening

MODULES = {name: name for name in ("check", "compare", "config", "curve", "gradcheck", "treat")} | dict.fromkeys(
    ("docs", "explain", "rules", "schema"), "reference"
)
"""Where each command stands, below ``commands``."""
BRIEF = frozenset({"check", "config", "docs", "explain", "rules", "schema"})
"""Commands that end before there is any garbage, and one that says itself when its modules are loaded."""


def main() -> NoReturn:
    """Run the command line; bad input ends in one line on standard error and status 2."""
    completed()
    interrupt = Interrupt()
    status: str | int | None = 0
    try:
        with interrupt, watched(), listening(say), warnings.catch_warnings():
            if not sys.warnoptions:  # a warning of Python's is for developers, who ask for it with -W
                warnings.simplefilter("ignore")
            commands(prog_name="mlpdoctor", standalone_mode=False)
    except SystemExit as end:
        status = INTERRUPTED if interrupt.heard else end.code
    except (Exception, KeyboardInterrupt) as fault:  # noqa: BLE001  whatever it is, it is told in our way
        status = INTERRUPTED if interrupt.heard else _told(fault)
    sys.exit(status)


def _told(fault: BaseException) -> int:
    """Say why a run ended before its time; the exit status for it."""
    if isinstance(fault, click.Abort) and isinstance(fault.__cause__, EOFError):  # which click takes for Ctrl-D
        fault = fault.__cause__
    match fault:
        case click.Abort() | KeyboardInterrupt():
            return INTERRUPTED
        case BrokenPipeError():  # whoever read the report has seen enough
            silence(sys.stdout)
            return 0
        case StdoutRefuses():
            silence(sys.stdout)
            say(str(fault))
        case click.UsageError():
            where = f"; see '{fault.ctx.command_path} --help'" if fault.ctx else ""
            say(f"{fault.format_message().rstrip('.')}{where}")
        case InputError():
            say(str(fault))
        case MemoryError():
            say("not enough memory for this model and this data; use fewer rows, or check --quick")
        case _:  # whatever it is, status 1 would say that something was found
            to_stderr(f"mlpdoctor {__version__}: this is a fault in mlpdoctor, not in your files; please report it:\n")
            traceback(fault)
    return FAILED


class Commands(click.Group):
    """The commands, each imported when it is asked for: who checks a model need not wait for the manual."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  as click has it
        """Their names."""
        return sorted(MODULES)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """One of them; None where there is none of that name."""
        if cmd_name not in MODULES:
            return None
        module = importlib.import_module(f"mlpdoctor.cli.commands.{MODULES[cmd_name]}")
        if cmd_name not in BRIEF:
            loaded()
        command: click.Command = getattr(module, cmd_name)
        return command


@click.group(
    cls=Commands,
    name="mlpdoctor",
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog=EXAMPLES,
    invoke_without_command=True,
)
@click.version_option(__version__, "--version", prog_name="mlpdoctor")
@click.pass_context
def commands(context: click.Context) -> None:
    """Say why a neural network's loss is stuck.

    Works out what the loss could be, where the model stands, and what keeps it there, from a saved Keras model and
    its data.
    """
    if context.invoked_subcommand is None:
        click.echo(context.get_help())
