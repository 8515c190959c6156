"""``mlpdoctor gradcheck``: whether hand-written code computes the gradient of its loss, and which mistake it makes."""

import shutil
import sys

import click

from mlpdoctor import __version__
from mlpdoctor.cli.commands.options import page_options
from mlpdoctor.core.errors import UsageError
from mlpdoctor.gradcheck.templates import TEMPLATES

EPILOG = """\b
Examples:
  mlpdoctor gradcheck --example > net.py
  mlpdoctor gradcheck --example class > net.py
  mlpdoctor gradcheck net.py
  mlpdoctor gradcheck net.py --format json | jq .mistakes
  mlpdoctor gradcheck net.py -o gradient.html --open

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
    "--format",
    "form",
    type=click.Choice(["terminal", "json", "html"]),
    default="terminal",
    show_default=True,
    help="How to write the report.",
)
@click.option(
    "-o",
    "--output",
    multiple=True,
    metavar="FILE",
    help="Also write the report to FILE; its suffix sets the format: .html .json .txt. May be repeated.",
)
@page_options
def gradcheck(
    file: str | None, example: str | None, form: str, output: tuple[str, ...], *, opened: bool, embed: bool
) -> None:
    """Check the gradient that hand-written code computes, and name the mistake.

    Runs FILE.py, your own Python file. It defines parameters (NumPy arrays), loss(), and gradients() or update() with
    learning_rate. With layers, x and y besides, a wrong gradient is traced to the mistake that makes it. The true
    gradient is measured by changing the parameters a little; all are put back. 20,000 weights take
    three seconds with 32 rows, seven with 1,000.
    """
    from mlpdoctor.cli.output import FILE_WIDTH, OutputOptions, form_of, put, say
    from mlpdoctor.cli.results import keep, pages_wanted

    if example is not None:
        put(TEMPLATES[example])
        return
    if file is None:
        raise UsageError("give the Python file to check; 'mlpdoctor gradcheck --example > net.py' writes one")
    from mlpdoctor.cli.commands.shared import destinations
    from mlpdoctor.core.whole_file import keep_apart
    from mlpdoctor.gradcheck.user_file import check_file
    from mlpdoctor.report.gradcheck import as_json, as_text

    for one in output:
        if form_of(one, form) not in ("terminal", "json", "html"):
            raise UsageError(f"--output {one}: a gradient check is written as .html, .json or .txt")
    keep_apart(destinations(output, form, None, update=False), [("the code to check", file)])
    options = OutputOptions(form, embed=embed, opened=opened)
    pages_wanted(output, options)
    say(f"runs {file}")
    report = check_file(file)

    def written(kind: str, width: int = FILE_WIDTH) -> str:
        if kind == "json":
            return as_json(report, file, __version__)
        if kind == "html":
            from mlpdoctor.report.html.page import render_gradient

            return render_gradient(report, file, embed=embed)
        return as_text(report, file, width)

    keep(written, output, options)
    put(written(form, shutil.get_terminal_size().columns))
    sys.exit(0 if report.right else 1)
