"""The training curve in reports: drawn to scale, within its columns, in any encoding, with its rungs where they are."""

import io
import itertools
import math
from dataclasses import replace
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from paths import ROOT
from report_cases import HOSTILE
from rich.console import Console

from mlpdoctor.core.history_summary import Plateau, Reached, Trace
from mlpdoctor.core.report_model import Report
from mlpdoctor.diagnosis.diagnose import diagnose
from mlpdoctor.diagnosis.question import Question
from mlpdoctor.report import curve_phrases
from mlpdoctor.report.formats import FORMATS
from mlpdoctor.report.terminal.curve_chart import HEIGHT, MARKS, Chart, Line, drawn
from mlpdoctor.report.terminal.report import TerminalReport

FILES = tuple(f"fixtures/three-points/{name}" for name in ("model.keras", "data.csv", "history.txt"))


@pytest.fixture(autouse=True)
def _at_the_top(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)


@cache
def with_model() -> Report:
    model, data, history = FILES
    return diagnose(Question(model, data, history=(history,)))


@cache
def without_model() -> Report:
    _, data, history = FILES
    return diagnose(Question(history=(history,), data=data))


def printed(part: object, width: int, encoding: str = "utf-8") -> list[str]:
    received = io.BytesIO()
    screen = io.TextIOWrapper(received, encoding=encoding, errors="strict", newline="\n")
    Console(file=screen, width=width, color_system=None, markup=False, emoji=False, highlight=False).print(part)
    screen.flush()
    return [line.rstrip() for line in received.getvalue().decode(encoding).splitlines()]


def chart_of(values: list[float], lines: tuple[Line, ...] = (), width: int = 80) -> Chart:
    chart = drawn([Trace("loss", tuple(range(1, len(values) + 1)), tuple(values))], lines, width)
    assert chart is not None
    return chart


NUMBERS = st.floats(1e-6, 1e6) | st.floats(allow_nan=False, allow_infinity=False)
LOSSES = st.lists(NUMBERS, min_size=2, max_size=100)


@settings(deadline=None)
@given(LOSSES, st.integers(40, 200), NUMBERS)
def test_a_chart_keeps_within_its_columns_and_shows_both_ends(values: list[float], width: int, rung: float) -> None:
    chart = drawn([Trace("loss", tuple(range(1, len(values) + 1)), tuple(values))], [Line(rung, "here")], width)
    assert chart is not None
    assert len(chart.rows) == len(chart.left) == len(chart.right) == HEIGHT
    for left, row, right in zip(chart.left, chart.rows, chart.right, strict=True):
        assert len(left) + 1 + len(row) + 1 + len(right) <= width + 1
        assert set(row) <= {" ", "•", "─"}
    assert any("•" in row for row in chart.rows)
    assert [place for place, name in enumerate(chart.right) if name] == [
        place for place, row in enumerate(chart.rows) if "─" in row or chart.right[place]
    ]


@settings(deadline=None)
@given(st.floats(1e-3, 1e3), st.floats(0.001, 3.0))
def test_a_falling_curve_falls_on_the_page(scale: float, pace: float) -> None:
    chart = chart_of([scale * (1 + math.exp(-pace * epoch)) for epoch in range(40)])
    places = {column: number for number, row in enumerate(chart.rows) for column, mark in enumerate(row) if mark == "•"}
    heights = [places[column] for column in sorted(places)]
    assert heights == sorted(heights)
    assert (heights[0], heights[-1]) == (0, HEIGHT - 1)
    assert not chart.logarithmic


def test_a_curve_over_decades_is_drawn_on_a_log_scale_and_that_is_said() -> None:
    values = [10.0**-k for k in range(8)]
    chart = chart_of(values)
    assert chart.logarithmic
    marks = [row.index("•") for row in chart.rows]
    assert marks == sorted(marks)
    assert len({b - a for a, b in itertools.pairwise(marks)}) <= 2
    assert not chart_of([-1.0, 100.0]).logarithmic


def test_a_rung_lies_where_its_loss_is() -> None:
    chart = chart_of([2.0, 1.0], (Line(1.0, "low"), Line(1.5, "middle"), Line(9.0, "far")))
    assert chart.right[HEIGHT - 1] == "low"
    assert chart.right[HEIGHT // 2] == "middle" or chart.right[HEIGHT // 2 - 1] == "middle"
    assert "far" not in chart.right
    both = chart_of([2.0, 1.0], (Line(1.0, "one"), Line(1.001, "other")))
    assert both.right[HEIGHT - 1] == "one, other"


def test_nothing_is_drawn_where_there_is_nothing_or_no_room() -> None:
    trace = Trace("loss", (1, 2), (1.0, 2.0))
    assert drawn([], [], 80) is None
    assert drawn([Trace("loss", (1,), (1.0,))], [], 80) is None
    assert drawn([trace], [], 12) is None
    assert drawn([trace], [Line(1.5, "x" * 70)], 80) is None
    flat = drawn([Trace("loss", (1, 2, 3), (0.5, 0.5, 0.5))], [], 80)
    assert flat is not None
    assert sum("•" in row for row in flat.rows) == 1


def test_the_validation_loss_is_drawn_below_the_training_loss() -> None:
    loss = Trace("loss", (1, 2, 3), (3.0, 2.0, 1.0))
    other = Trace("val_loss", (1, 2, 3), (3.0, 2.5, 2.0))
    chart = drawn([loss, other], [], 80)
    assert chart is not None
    drawn_marks = {mark for row in chart.rows for mark in row} - {" "}
    assert drawn_marks == set(MARKS.values())
    assert chart.rows[0].strip() == MARKS["loss"]


@settings(deadline=None)
@given(st.floats(1e-12, 1e6))
def test_an_error_bar_has_two_digits_and_no_needless_exponent(half: float) -> None:
    history = with_model().history
    assert history is not None
    assert history.plateau is not None
    around = replace(history.plateau, low=1.0 - half, high=1.0 + half, value=1.0, rungs=())
    text = curve_phrases.plateau(replace(history, plateau=around)).partition(" ± ")[2].partition(";")[0]
    shown = (1.0 + half - (1.0 - half)) / 2
    assert float(text.replace(",", "")) == pytest.approx(shown, rel=0.06) if shown else not text
    assert ("e" not in text) or shown < 1e-7


@pytest.mark.parametrize("width", [40, 60, 80, 120])
@pytest.mark.parametrize("encoding", ["utf-8", "ascii", "cp1252"])
def test_no_line_is_wider_than_the_screen(width: int, encoding: str) -> None:
    for part in (TerminalReport(with_model()), TerminalReport(without_model())):
        assert max(map(len, printed(part, width, encoding))) <= width


@pytest.mark.parametrize("width", [80, 120])
def test_the_curve_stands_beside_the_ladder(width: int) -> None:
    for part in (TerminalReport(with_model()), TerminalReport(without_model())):
        lines = printed(part, width)
        (head,) = (line for line in lines if "training curve" in line)
        assert head.split("training curve")[1].strip() == "• loss, epochs 1 to 91, linear scale"
        (rung,) = (line for line in lines if line.endswith("• best straight line 0.005676"))
        assert "─" * 10 in rung
        assert any(line.startswith("  plateau     0.0057 ± ") for line in lines)
        assert "equal to the loss of the best straight line, 0.005676" in " ".join(" ".join(lines).split())


def test_ascii_draws_with_what_it_has() -> None:
    lines = printed(TerminalReport(without_model()), 80, "ascii")
    assert any("* loss, epochs 1 to 91" in line for line in lines)
    assert any("-" * 10 in line and "*" * 5 in line for line in lines)
    assert any("0.0057 +/- " in line for line in lines)


def test_markdown_says_the_same() -> None:
    for text in (FORMATS["markdown"].render([with_model()]), FORMATS["markdown"].render([without_model()])):
        assert "```text\n• loss, epochs 1 to 91, linear scale\n" in text
        assert "equal to the loss of the best straight line, 0.005676" in text
        assert "91 of 10,000 epochs, loss 0.0084 -> 0.0057" in text


def test_lines_that_were_not_understood_are_counted_and_shown() -> None:
    history = with_model().history
    assert history is not None
    assert curve_phrases.bad(history) is None
    spoilt = replace(history, bad_lines=5, bad_examples=("line 7: no number", f"line 9: {HOSTILE}"))
    said = "5 lines: line 7: no number; line 9:"
    assert (curve_phrases.bad(spoilt) or "").startswith(said)
    assert (curve_phrases.bad(spoilt) or "").endswith("and 3 more")
    report = replace(without_model(), history=spoilt)
    for encoding in ("utf-8", "ascii"):
        text = "\n".join(printed(TerminalReport(report), 200, encoding))
        assert said in text
        assert "\x1b" not in text
    assert "**Not read:** 5 lines" in FORMATS["markdown"].render([report])


def test_every_state_of_a_plateau_has_its_words() -> None:
    history = with_model().history
    assert history is not None
    found = history.plateau
    assert found is not None

    def said(plateau: Plateau | None, **other: object) -> str:
        return curve_phrases.plateau(replace(history, plateau=plateau, **other))  # type: ignore[arg-type]

    assert said(None, no_plateau="it swings") == "none: it swings"
    assert said(None, broken_epoch=7) == "none: the loss is NaN or infinite from epoch 7"
    assert "since epoch 89" in said(replace(found, source="curve"))
    assert "where the curve heads for" in said(replace(found, source="heading"))
    assert "in all trials" in said(replace(found, source="trials"))
    assert said(replace(found, rungs=())).endswith("it is on no rung of the ladder")
    assert said(replace(found, rungs=(), reason="no data")).endswith("not compared with a ladder: no data")
    near = Reached("affine", "logistic regression", 0.0058, 0.0068, exact=False, digits=1, chance=0.031)
    assert "16.2 % from the loss of logistic regression, 0.005800, 0.006800 with penalties" in said(
        replace(found, rungs=(near,))
    )
    assert said(replace(found, rungs=(near,))).endswith("; 3.1 % of all losses are as near to a rung by chance")
    assert said(replace(found, rungs=(), perhaps=(near,))).endswith(
        "logistic regression, 0.005800, which may be chance"
    )
