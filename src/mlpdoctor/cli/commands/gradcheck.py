"""``mlpdoctor gradcheck``: whether hand-written code computes the gradient of its loss, and which mistake it makes."""

import shutil
import sys

import click

from mlpdoctor import __version__
from mlpdoctor.core.errors import UsageError
from mlpdoctor.gradcheck.templates import TEMPLATES

EPILOG = """\b
Examples:
  mlpdoctor gradcheck --example > net.py
  mlpdoctor gradcheck --example class > net.py
  mlpdoctor gradcheck net.py
  mlpdoctor gradcheck net.py --format json | jq .mistakes

\b
Exit status:
  0  the gradient is right
  1  it is wrong
  2  it could not be checked: bad file, or code that fails
"""


@click.command(epilog=EPILOG)
@click.argument("file", required=False, metavar="FILE.py", type=click.Path())
@click.option(
    "--example",
    is_flag=False,
    flag_value="functions",
    type=click.Choice(list(TEMPLATES)),
    help="Print a file to begin with: functions, or a class with forward and backward.",
)
@click.option(
    "--format", "form", type=click.Choice(["terminal", "json"]), default="terminal", show_default=True,
    help="How to write the report.",
)  # fmt: skip
def gradcheck(file: str | None, example: str | None, form: str) -> None:
    """Check the gradient that hand-written code computes, and name the mistake.

    Runs FILE.py, your own Python file. It defines parameters (NumPy arrays), loss(), and gradients() or update() with
    learning_rate. With layers, x and y besides, a wrong gradient is traced to the mistake that makes it. The true
    gradient is measured by changing the parameters a little; all are put back. 20,000 weights take
    three seconds with 32 rows, seven with 1,000.
    """
    from mlpdoctor.cli.output import put, say

    if example is not None:
        put(TEMPLATES[example])
        return
    if file is None:
        raise UsageError("give the Python file to check; 'mlpdoctor gradcheck --example > net.py' writes one")
    from mlpdoctor.gradcheck.user_file import check_file
    from mlpdoctor.report.gradcheck import as_json, as_text

    say(f"runs {file}")
    report = check_file(file)
    if form == "json":
        put(as_json(report, file, __version__))
    else:
        put(as_text(report, file, shutil.get_terminal_size().columns))
    sys.exit(0 if report.right else 1)
