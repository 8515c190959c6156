"""The training curve in Markdown: where it stops and on which rung."""

from collections.abc import Iterator

from mlpdoctor.ladder import Ladder
from mlpdoctor.logged import HistorySummary
from mlpdoctor.report import curve_phrases
from mlpdoctor.report.curve_chart import plain_text
from mlpdoctor.report.markdown_text import block, escape


def section(history: HistorySummary, ladder: Ladder | None) -> Iterator[str]:
    """The drawing in a block of text, the plateau, and what could not be read."""
    told = plain_text(history, ladder)
    if told is not None:
        yield "### Training curve"
        yield block(told, "text")
    yield f"**Plateau:** {escape(curve_phrases.plateau(history))}"
    bad = curve_phrases.bad(history)
    if bad is not None:
        yield f"**Not read:** {escape(bad)}"
