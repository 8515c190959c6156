"""A gradient check written out: for people as text, for programs as JSON."""

import json
import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from mlpdoctor.core.errors import legible
from mlpdoctor.core.gradient_report import ArrayGradient, GradientReport, Mistake, Status

WIDEST = 96
"""Columns of prose; code is never broken."""
MARGIN = "  "
NUMBERS = {1: "One mistake", 2: "Two mistakes", 3: "Three mistakes", 4: "Four mistakes"}


def as_text(report: GradientReport, file: str, columns: int) -> str:
    """The report for a terminal, of lines without trailing blanks.

    Args:
        report: what the check found.
        file: the file checked, as the user named it.
        columns: width of the screen.
    """
    width = min(columns, WIDEST)
    lines: list[str] = []
    lines += _wrapped(f"{file}: {scope(report)}", width)
    lines += ["", *_wrapped(verdict(report), width), ""]
    for place, mistake in enumerate(report.mistakes, 1):
        lines += _mistake(place, mistake, width)
    if report.alternatives:
        lines += _wrapped(f"The same gradient comes out on these data if {report.alternatives[0]}.", width)
        lines.append("")
    lines += _table(report)
    lines.append("")
    for note in report.notes:
        lines += _wrapped(note, width)
    if not report.right and report.unrecognised:
        lines += _wrapped(
            f"To have the mistake named, the file must define layers, x and y: {report.unrecognised}.", width
        )
    lines.append(f"{MARGIN}more: mlpdoctor docs gradcheck")
    return "".join(f"{line.rstrip()}\n" for line in lines)


def as_json(report: GradientReport, file: str, version: str) -> str:
    """The report for programs: all fields of ``GradientReport``, and ``right`` and ``explained``."""
    content: Mapping[str, Any] = {
        "tool": {"name": "mlpdoctor", "version": version},
        "file": file,
        "right": report.right,
        "explained": report.explained,
        **asdict(report),
    }
    return json.dumps(content, indent=1, allow_nan=False) + "\n"


def scope(report: GradientReport) -> str:
    """What was compared."""
    numbers = sum(_size(one) for one in report.arrays)
    told = f"{len(report.arrays)} arrays, {numbers:,} numbers in {report.arithmetic}"
    return f"{told}; {report.network}" if report.network else told


def _size(one: ArrayGradient) -> int:
    size = 1
    for length in one.shape:
        size *= length
    return size


def verdict(report: GradientReport) -> str:
    """Whether the gradient is right, and what of it is not."""
    if report.right:
        unclear = [one.name for one in report.arrays if one.status is Status.UNCLEAR]
        told = "The gradient is right: it is that of the loss, as exactly as this arithmetic can tell."
        return told if not unclear else f"{told} Too small to tell: {', '.join(unclear)}."
    wrong = sum(one.status is Status.WRONG for one in report.arrays)
    told = f"The gradient is wrong, in {wrong} of {len(report.arrays)} arrays."
    if report.explained:
        number = len(report.mistakes)
        words = NUMBERS.get(number, f"{number} mistakes")
        return f"{told} {words}{' together' if number > 1 else ''} would give exactly the numbers that your code gives:"
    return f"{told} Counted from the output, {report.start} is the first that is wrong: look there. {_unnamed(report)}"


def _unnamed(report: GradientReport) -> str:
    if report.unrecognised:
        return ""
    return "It is not explained: no set of usual mistakes gives these numbers."


def _mistake(place: int, mistake: Mistake, width: int) -> Iterator[str]:
    title = textwrap.wrap(sentence(mistake.title), width - 5)
    yield f"{MARGIN}{place}  {legible(title[0])}"
    yield from (f"{MARGIN}   {legible(line)}" for line in title[1:])
    yield f"{MARGIN}   do:  {legible(mistake.numpy)}"
    yield f"{MARGIN}   as:  {legible(mistake.mathematics)}"
    yield ""


def sentence(text: str) -> str:
    """A title as a sentence."""
    return f"{text[:1].upper()}{text[1:]}."


def _table(report: GradientReport) -> Iterator[str]:
    rows: list[Sequence[str]] = [
        ("array", "shape", "gradient", "cosine", "length", "furthest off", "your code", "true")
    ]
    rows += map(_cells, report.arrays)
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        yield MARGIN + "  ".join(f"{cell:{width}}" for cell, width in zip(row, widths, strict=True))


def _cells(one: ArrayGradient) -> Sequence[str]:
    shape = "x".join(map(str, one.shape)) or "1"
    start = (legible(one.name), shape, one.status.value)
    cosine = "-" if one.cosine is None else f"{one.cosine:.4f}"
    ratio = "-" if one.ratio is None else f"{one.ratio:.3g} x"
    if one.worst is None or one.status is not Status.WRONG:
        return (*start, cosine, ratio, "", "", "")
    index = "[" + ", ".join(map(str, one.worst.index)) + "]"
    return (*start, cosine, ratio, index, f"{one.worst.code:.4g}", f"{one.worst.true:.4g}")


def _wrapped(text: str, width: int) -> Iterable[str]:
    return textwrap.wrap(
        legible(text), width, initial_indent=MARGIN, subsequent_indent=MARGIN, break_long_words=False,
        break_on_hyphens=False,
    )  # fmt: skip
