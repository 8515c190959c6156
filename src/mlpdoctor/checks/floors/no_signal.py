"""L507: no quick model of another kind finds anything to learn either."""

from collections.abc import Iterator

from mlpdoctor.core.check import Stage, check
from mlpdoctor.core.finding import Certainty, Evidence, Remedy, Severity
from mlpdoctor.core.text import percent, short
from mlpdoctor.facts.ladder.learnable import Learnable
from mlpdoctor.facts.ladder.loss_position import LossPosition
from mlpdoctor.facts.training.training import Training

AT_THE_CONSTANT = 0.1
"""A model within a tenth of the constant's loss stands there; the line it may have found is fitted to chance."""


@check(
    "L507",
    Severity.WARNING,
    "{found}: {kinds} were tried on {rows} rows",
    stage=Stage.DATA,
    because="D704 D714",
    untreatable="there is nothing in these inputs for any model to learn, or nothing but a line",
)
def no_signal(
    tried: Learnable,
    position: LossPosition,
    training: Training,
    *,
    most_unseen: float = 0.2,
) -> Iterator[Evidence]:
    """Data in which quick models of other kinds find nothing to learn, or nothing but a line.

    Why it matters
        Linear regression, nearest neighbours, gradient-boosted trees and the means of groups with equal values are
        tried. Where all of them fail to beat a constant on rows they have not seen, these inputs probably say next to
        nothing about the target. Then the constant's loss is what there is to reach, and no setting of the training
        changes it. Where the line beats the constant and the others do not beat the line, linear is enough.
    How to fix it
        Look at the data: are rows of inputs and targets still side by side, were they shuffled or joined apart, is the
        target the right column, is the feature there that decides it?
    When it stays silent
        Data in which anything shows something to learn: the ladder, a quick nonlinear fit, a line on all rows that
        saves more than chance, near rows that agree, a wave that fits. Models that have learned more; too few rows to
        see a gain of the size ``most_unseen``; ids with fewer than three rows each. A note where the model is not at
        the constant's loss.
    How sure
        Estimated: cross-validated on up to 2,000 sampled rows. A gain counts from three standard errors on, if it is
        more than the same models save on shuffled targets; that of the line on all rows counts where chance gives so
        much in one of a thousand files. That nothing was found does not prove that there is nothing: parity of many
        inputs looks like noise to all of them.
    References
        Ojala and Garriga, Permutation tests for studying classifier performance, 2010.
    """
    if not (tried.nothing or tried.linear) or (tried.nothing and tried.unseen > most_unseen):
        return
    best = max(tried.gains, key=lambda name: tried.gains[name].saved)
    stuck = abs(position.of_constant(position.model) - 1) <= AT_THE_CONSTANT and not training.never
    yield Evidence(
        numbers={
            "found": _found(tried),
            "kinds": _kinds(tried),
            "rows": tried.rows,
            "linear_is_enough": tried.linear,
            "best": best,
            "saved_share": tried.gains[best].saved,
            "saved_error": tried.gains[best].error,
            "saved_by_chance": tried.gains[best].chance,
            "smallest_share_seen": tried.unseen,
            "line_gain_share": None if tried.line is None else tried.line.share,
            "line_gain_by_chance_share": None if tried.line is None else tried.line.by_chance,
            "gains": {
                name: {"saved": gain.saved, "error": gain.error, "by_chance": gain.chance, "beyond_line": gain.beyond}
                for name, gain in tried.gains.items()
            },
            "model": position.model,
            "constant": position.constant,
        },
        certainty=Certainty.ESTIMATED,
        severity=Severity.WARNING if tried.nothing and stuck else Severity.NOTE,
        why=_why(tried, best),
        remedy=_remedy(nothing=tried.nothing),
        strength=0.5 if tried.nothing else 0.1,
        verdict=_verdict(position, tried, stuck=stuck),
    )


def _found(tried: Learnable) -> str:
    if not tried.nothing:
        return "nothing but a line was found"
    return "next to nothing to learn was found" if tried.faint else "nothing to learn was found"


def _kinds(tried: Learnable) -> str:
    """The models that were tried."""
    means = "the means of groups with equal values"
    if "line" not in tried.gains:
        return means
    names = "linear, nearest-neighbour and boosted-tree models"
    return f"{names}, and {means}," if "groups" in tried.gains else names


def _why(tried: Learnable, best: str) -> str:
    if tried.nothing:
        gain, line = tried.gains[best], tried.line
        fitted = (
            f" The best line on all rows saves {percent(line.share)}; chance alone saves up to "
            f"{percent(line.by_chance)}."
            if line is not None and line.share > 0
            else ""
        )
        return (
            f"On unseen rows the best of them saves {_share(gain.saved)} ± {percent(gain.error)} of the constant's "
            f"squared error, and with the targets shuffled {_share(gain.chance)}. A gain of {percent(tried.unseen)} "
            f"would have been seen.{fitted}"
        )
    straight = tried.gains["line"]
    other = max((name for name in tried.gains if name != "line"), key=lambda name: tried.gains[name].beyond)
    gain = tried.gains[other]
    return (
        f"On unseen rows a line saves {percent(straight.saved)} ± {percent(straight.error)} of the constant's squared "
        f"error, and the best of the others ({other}) {_share(gain.beyond)} ± {percent(gain.beyond_error)} more."
    )


def _share(share: float) -> str:
    return percent(share) if share >= 0 else f"-{percent(-share)}"


def _remedy(*, nothing: bool) -> Remedy:
    if nothing:
        return Remedy(
            "check that inputs and targets are still side by side in this file, that the target is the right column, "
            "and that the feature which decides it is there",
            "df.sample(20)  # would you know the target from these columns?",
        )
    return Remedy("keep the linear model, or look for features that carry more")


def _verdict(position: LossPosition, tried: Learnable, *, stuck: bool) -> str:
    if not tried.nothing:
        return "Linear is enough for these data: no quick nonlinear model beats the line on rows it has not seen."
    what = "Next to nothing" if tried.faint else "Nothing"
    start = f"{what} was found that these inputs say about the target: {_kinds(tried)}"
    if stuck:
        return (
            f"{start} do no better on unseen rows than a constant. Its loss, {short(position.constant)}, is where this "
            "model stands."
        )
    return f"{start} do no better on unseen rows than a constant, whose loss is {short(position.constant)}."
