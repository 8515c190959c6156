"""The files that a result is written to, and the page that is shown in the browser."""

from collections.abc import Callable, Sequence
from pathlib import Path

from mlpdoctor.cli.output import HTML, OutputOptions, form_of, say
from mlpdoctor.core.errors import UsageError
from mlpdoctor.core.whole_file import write_text


def keep(written_as: Callable[[str], str], files: Sequence[str], options: OutputOptions) -> None:
    """Write what came of a run to its files, and show its page in the browser where that was asked for.

    Args:
        written_as: the result as text in a format.
        files: of ``--output``.
        options: of the run; without a page among the files, one that is to be opened gets a file of its own.

    Raises:
        UsageError: when a file cannot be written.
    """
    page: Path | None = None
    for file in files:
        form = form_of(file, options.form)
        write_text(written_as(form), Path(file), f"--output {file}")
        page = Path(file) if form == HTML and page is None else page
    if not options.opened:
        return
    if page is None:
        import tempfile

        page = Path(tempfile.mkdtemp(prefix="mlpdoctor-"), "report.html")
        write_text(written_as(HTML), page, "--open")
    import webbrowser

    if not webbrowser.open(page.resolve().as_uri()):
        say(f"--open: no browser was found; the page is {page}")


def pages_wanted(files: Sequence[str], options: OutputOptions) -> bool:
    """Whether a run is to make a page, so that it gathers what figures show.

    Raises:
        UsageError: it is, and the libraries for it are not installed; or its JSON is to be embedded in no page.
    """
    wanted = options.opened or HTML in (options.form, *(form_of(file, options.form) for file in files))
    if wanted:
        from mlpdoctor.report.html.extra import require

        require()
    elif options.embed:
        raise UsageError("--embed-json puts the JSON into a page: give --format html, -o report.html or --open")
    return wanted
