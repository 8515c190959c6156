"""The page itself: templates with autoescape, filled with what the other modules make of a report."""

import base64
import hashlib
import re
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from mlpdoctor import __version__
from mlpdoctor.core.pictures import Pictures
from mlpdoctor.core.report_model import Report, Unread, changed_parts
from mlpdoctor.core.text import count
from mlpdoctor.report.html.extra import require

if TYPE_CHECKING:
    from jinja2 import Environment
    from markupsafe import Markup

    from mlpdoctor.core.gradient_report import GradientReport
    from mlpdoctor.core.trial_result import TrialResult

LONGEST = 2_000
"""Characters of a text in a page: a name of ten million would make it unreadable, and no browser would show it."""
CODE = re.compile(r"`([^`]+)`")
IN_FULL = 6
"""Models of a run whose units are drawn; of more the page shows what answers the question."""


def render(reports: Sequence[Report], unread: Sequence[Unread] = (), *, embed: bool = False) -> str:
    """The page of a run over one model or several, a text that ends in a newline.

    Args:
        reports: in the order they were asked for.
        unread: the models that could not be looked at.
        embed: whether the page carries the JSON of the run, for other tools.

    Raises:
        UsageError: a library that draws the page is not installed.
    """
    require()
    from mlpdoctor.report.html.case import case_of

    alone = len(reports) == 1 and not unread
    small = len(reports) > IN_FULL
    cases = [
        case_of(_cut(_plainer(report) if small else report), f"m{place + 1}", "" if alone else f"/reports/{place}")
        for place, report in enumerate(reports)
    ]
    summary = None if alone else {"heading": f"{count(len(reports) + len(unread), 'model')} looked at"}
    title = reports[0].path if alone else f"{count(len(reports) + len(unread), 'model')}"
    embedded = None
    if embed:
        from mlpdoctor.report.json.report import render as as_json

        embedded = as_json(reports, unread)
    return _page(f"mlpdoctor: {_shortened(title)}", embedded, cases=cases, summary=summary, unread=_cut(tuple(unread)))


def render_trials(result: "TrialResult", *, embed: bool = False) -> str:
    """The page of ``treat``: what was tried and what came of it, then the diagnosis; otherwise as ``render``."""
    require()
    from mlpdoctor.report.html.case import case_of
    from mlpdoctor.report.html.trial_view import trials_view

    embedded = None
    if embed:
        from mlpdoctor.report.json.report import render_trials as as_json

        embedded = as_json(result)
    kept: TrialResult = _cut(result)
    title = f"mlpdoctor treat: {_shortened(result.report.path)}"
    diagnosis = replace(kept.report, history=None)  # trials do not go on from what a log tells
    return _page(title, embedded, cases=[case_of(diagnosis, "m1")], trials=trials_view(kept))


def render_gradient(report: "GradientReport", file: str, *, embed: bool = False) -> str:
    """The page of ``gradcheck``; otherwise as ``render``."""
    require()
    from mlpdoctor.core.errors import legible
    from mlpdoctor.report.html.gradient_view import gradient_view

    embedded = None
    if embed:
        from mlpdoctor.report.gradcheck import as_json

        embedded = as_json(report, file, __version__)
    name = legible(file)
    view = gradient_view(_cut(report), _shortened(name))
    return _page(f"mlpdoctor gradcheck: {_shortened(name)}", embedded, gradient=view)


def piece(report: Report) -> str:
    """The compact form for a notebook: the same parts without scripts, rule pages and units."""
    require()
    from mlpdoctor.report.html.case import case_of

    case = case_of(_cut(report), "r", compact=True)
    return _templates().get_template("piece.html").render(case=case, style=_style())


def _page(title: str, embedded: str | None, **parts: Any) -> str:  # noqa: ANN401  what the template takes
    script = _own("copy.js").strip()
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    from markupsafe import Markup

    page = _templates().get_template("page.html").render(
        title=title,
        version=__version__,
        style=_style(),
        script=Markup(script),  # noqa: S704  our own file
        # In a block of data nothing but the end of the block means anything, and that is not to be written.
        embedded=None if embedded is None else Markup(_data(embedded)),  # noqa: S704
        policy=f"default-src 'none'; style-src 'unsafe-inline'; img-src data:; script-src 'sha256-{digest}'",
        **{"cases": [], "summary": None, "unread": (), "trials": None, "gradient": None, **parts},
    )  # fmt: skip
    return f"{page.strip()}\n"


def _data(text: str) -> str:
    return text.strip().replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


@cache
def _templates() -> "Environment":
    from jinja2 import Environment, PackageLoader, StrictUndefined

    made = Environment(
        loader=PackageLoader("mlpdoctor.report.html", "."), autoescape=True, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    made.filters |= {
        "prose": _prose,
        "exact": repr,
        "drawn": _drawn,
    }
    return made


def _drawn(svg: str, place: str) -> "Markup":
    """What svg.py has made, where Matplotlib escapes every text, with ids of its own in the page."""
    from markupsafe import Markup

    from mlpdoctor.report.html.svg import PLACE

    return Markup(svg.replace(PLACE, place))  # noqa: S704


def _prose(text: str) -> "Markup":
    """A sentence with its code set as such."""
    from markupsafe import Markup, escape

    parts = CODE.split(text)
    return Markup("").join(
        Markup("<code>{}</code>").format(part) if place % 2 else escape(part) for place, part in enumerate(parts)
    )


def _style() -> "Markup":
    from markupsafe import Markup

    return Markup(_own("style.css"))  # noqa: S704  our own file


@cache
def _own(file: str) -> str:
    return (files("mlpdoctor.report.html") / file).read_text(encoding="utf-8")


def _shortened(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def _cut(value: Any) -> Any:  # noqa: ANN401  any plain data
    """The same data with no text in it longer than a page can hold."""
    return changed_parts(value, _shortened)


def _plainer(report: Report) -> Report:
    kept = report.pictures
    return replace(report, pictures=None if kept is None else Pictures(kept.rows, kept.of, kept.fits, kept.targets))
