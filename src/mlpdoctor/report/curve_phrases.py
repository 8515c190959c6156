"""What every format for people says of a training history in the same words."""

import math

from mlpdoctor.core.history_summary import HistorySummary, Plateau
from mlpdoctor.core.text import count, named, percent, printed, short

TOLD = "told"
TINY = 1e-7
"""Error bars below it are written with an exponent, those above with their zeros, as logs are."""
SHOWN_EXAMPLES = 3
"""Bad lines that are shown; the rest is counted."""


def history(summary: HistorySummary) -> str:
    """The history in a line: what kind of log, how long, from where to where, what was assumed."""
    if summary.plateau is not None and summary.plateau.source == TOLD:
        return f"the loss at which training stopped: {printed(summary.plateau.value, summary.decimals)}"
    parts = [summary.format]
    if summary.epochs:
        of = f" of {summary.planned:,}" if summary.planned and summary.planned > summary.epochs else ""
        parts.append(f"{summary.epochs:,}{of} {'epoch' if summary.epochs == 1 else 'epochs'}")
    if summary.first is not None:
        last = "NaN" if summary.last is None else printed(summary.last, summary.decimals)
        parts.append(f"loss {printed(summary.first, summary.decimals)} -> {last}")
    if summary.trials:
        parts.append(count(summary.trials, "trial"))
    return "; ".join([", ".join(parts), *summary.guesses])


def path(summary: HistorySummary) -> str:
    """Where the history came from."""
    return "standard input" if summary.path == "-" else summary.path


def plateau(summary: HistorySummary) -> str:
    """Where the loss stops, and on which rung, in a line."""
    found = summary.plateau
    if found is None:
        broken = summary.broken_epoch
        return f"none: the loss is NaN or infinite from epoch {broken}" if broken else f"none: {summary.no_plateau}"
    half = (found.high - found.low) / 2
    level = f"{printed(found.value, summary.decimals)}" + (f" ± {_bar(half)}" if half > 0 else "")
    where = _where(found)
    if not found.rungs and found.perhaps:
        maybe = found.perhaps[0]
        return f"{level}{where}; near the loss of {named(maybe.label)}, {short(maybe.value)}, which may be chance"
    if not found.rungs:
        reason = f"; not compared with a ladder: {found.reason}" if found.reason else "; it is on no rung of the ladder"
        return f"{level}{where}{reason}"
    rung = found.rungs[0]
    near = "equal to" if rung.exact else f"{percent(abs(found.value / rung.logged - 1))} from"
    penalties = "" if rung.logged == rung.value else f", {short(rung.logged)} with penalties"
    by_chance = f"; {percent(rung.chance)} of all losses are as near to a rung by chance"
    return f"{level}{where}, {near} the loss of {named(rung.label)}, {short(rung.value)}{penalties}{by_chance}"


def bad(summary: HistorySummary) -> str | None:
    """The lines that could not be used, counted and shown; None for none."""
    if not summary.bad_lines:
        return None
    shown = summary.bad_examples[:SHOWN_EXAMPLES]
    more = summary.bad_lines - len(shown)
    return f"{count(summary.bad_lines, 'line')}: {'; '.join(shown)}" + (f" and {more:,} more" if more and shown else "")


def _where(found: Plateau) -> str:
    if found.source == "curve":
        return f" since epoch {found.first:,}"
    return {"heading": ", where the curve heads for", "trials": ", in all trials of the search"}.get(found.source, "")


def _bar(half: float) -> str:
    """Half an interval with two digits: ``0.00005``, ``0.0013``."""
    if half < TINY:
        return short(half, 2)
    places = max(1 - math.floor(math.log10(half)), 0)
    text = f"{half:,.{places}f}"
    return text.rstrip("0").rstrip(".") if places else text
