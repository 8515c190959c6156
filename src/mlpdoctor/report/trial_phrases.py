"""What every format for people says of trials, in the same words."""

import math

from mlpdoctor.core.text import count, percent, short
from mlpdoctor.core.trial_result import Memory, Protocol, RunGroup, Trial, TrialResult
from mlpdoctor.report import phrases

ALIKE = 1e-3
"""Runs this close, relative to each other, are one number to a reader."""


def sources(result: TrialResult) -> list[tuple[str, str, str]]:
    """The model and the data of the trials, each with what it is, its path and what it holds in a line."""
    return [source for source in phrases.sources(result.report) if source[0] != "history"]


def number(loss: float | None) -> str:
    """A loss, or a dash where there is none."""
    if loss is None:
        return "-"
    return short(loss) if math.isfinite(loss) else "no number"


def group(one: RunGroup) -> str:
    """The middle run, and from where to where all of them go."""
    middle = number(one.median)
    if len(one.losses) == 1 or not math.isfinite(one.low) or one.high - one.low <= ALIKE * abs(one.median):
        return middle
    return f"{middle} ({number(one.low)} to {number(one.high)})"


def names(trial: Trial) -> str:
    """What was tried, by name."""
    return " + ".join(trial.names)


def control_of(trial: Trial) -> str:
    """What the control came to, and what it shared with the treated side."""
    return f"{group(trial.control)}{', re-initialised as well' if trial.drawn_anew else ''}"


def answers(trial: Trial) -> str:
    """The findings it is about; nothing for one that the user named."""
    return f" for {', '.join(trial.answers)}" if trial.answers else ""


def told(trial: Trial) -> str:
    """What came of it, in a sentence."""
    where = f"; {trial.rung}" if trial.rung else ""
    return f"{trial.reason}{where}"


def protocol(one: Protocol) -> str:
    """How the runs were made."""
    epochs = f"{one.epochs:,.3g}" if one.epochs < 10 else f"{one.epochs:,.0f}"  # noqa: PLR2004
    rows = f"{count(one.rows, 'row')}" if one.rows == one.of else f"{one.rows:,} of {one.of:,} rows, drawn by the seed"
    runs = f"{count(one.seeds, 'run')} each of {count(one.updates, 'update')}"
    each = f"{runs} on batches of {one.batch} ({epochs} epochs of {rows})"
    stopped = f"; {one.stopped}" if one.stopped else ""
    return f"{each}, the same batches for all; Keras on {one.backend}{stopped}"


def control(result: TrialResult) -> str:
    """What training on with nothing changed does."""
    text = f"{number(result.before)} before, {group(result.control)} after the same training with nothing changed"
    return f"{text}: it still falls by itself" if result.train_on else text


def memory(one: Memory) -> str:
    """Whether a few rows can be learned."""
    learned = "memorised" if one.learned else "not learned"
    return (
        f"{count(one.rows, 'row')} {learned}: {short(one.reached)}, predicting a constant gives {short(one.constant)}"
    )


def untried(result: TrialResult) -> list[str]:
    """What could not be tried, and why; those with one reason together."""
    by_reason: dict[str, list[str]] = {}
    for what, why in result.untried:
        by_reason.setdefault(why, []).append(what)
    return [f"{'; '.join(filter(None, whats)) or 'nothing'}: {why}" for why, whats in by_reason.items()]


def gained(trial: Trial) -> str:
    """The share of what there was to gain."""
    return "-" if trial.gained is None else percent(min(max(trial.gained, 0.0), 1.0))


def shown(result: TrialResult) -> tuple[Trial, ...]:
    """All trials in the order in which they were made."""
    fresh = () if result.fresh is None else (result.fresh,)
    return (*result.trials, *result.combinations, *fresh)


def follow(result: TrialResult) -> str | None:
    """What to do now; None where nothing was confirmed."""
    if result.best is None:
        return None
    return "\n".join(result.best.code) or None
