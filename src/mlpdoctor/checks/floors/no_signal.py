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
    "{found}: linear, nearest-neighbour and boosted-tree models were tried on {rows} rows",
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
    """Data in which quick models of three other kinds find nothing to learn, or nothing but a line.

    Why it matters
        Where linear regression, nearest neighbours and gradient-boosted trees all fail to beat a constant on rows they
        have not seen, it is likely that these inputs say next to nothing about the target. Then a loss that stays at
        the constant's is what there is to reach, and no setting of the training changes it. Where the line beats the
        constant and the others do not beat the line, linear is enough.
    Remedy
        Look at the data: are rows of inputs and targets still side by side, were they shuffled or joined apart, is the
        target the right column, is the feature there that decides it?
    Stays quiet on
        Data in which the ladder or a quick nonlinear fit shows something to learn, models that have learned more, and
        too few rows to see a gain of the size ``most_unseen``. A note where the model is not at the constant's loss.
    Certainty
        Estimated: cross-validated on up to 2,000 sampled rows. A gain counts from three standard errors on, if it is
        more than the same models save on shuffled targets. That nothing was found does not prove that there is
        nothing: parity, or a target that swings faster than the rows lie close, looks like noise to all three.
    References
        Ojala and Garriga, Permutation tests for studying classifier performance, 2010.
    """
    if not (tried.nothing or tried.linear) or (tried.nothing and tried.unseen > most_unseen):
        return
    best = max(tried.gains, key=lambda name: tried.gains[name].saved)
    stuck = abs(position.of_constant(position.model) - 1) <= AT_THE_CONSTANT and not training.never
    yield Evidence(
        numbers={
            "found": "nothing to learn was found" if tried.nothing else "nothing but a line was found",
            "rows": tried.rows,
            "linear_is_enough": tried.linear,
            "best": best,
            "saved_share": tried.gains[best].saved,
            "saved_error": tried.gains[best].error,
            "saved_by_chance": tried.gains[best].chance,
            "smallest_share_seen": tried.unseen,
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


def _why(tried: Learnable, best: str) -> str:
    if tried.nothing:
        gain = tried.gains[best]
        return (
            f"On unseen rows the best of them saves {_share(gain.saved)} ± {percent(gain.error)} of the constant's "
            f"squared error, and with the targets shuffled {_share(gain.chance)}; a gain of {percent(tried.unseen)} "
            "would have been seen."
        )
    line = tried.gains["line"]
    other = max((name for name in tried.gains if name != "line"), key=lambda name: tried.gains[name].beyond)
    gain = tried.gains[other]
    return (
        f"On unseen rows a line saves {percent(line.saved)} ± {percent(line.error)} of the constant's squared error, "
        f"and the best of the others ({other}) {_share(gain.beyond)} ± {percent(gain.beyond_error)} more."
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
    start = (
        "Nothing was found that these inputs say about the target: linear, nearest-neighbour and boosted-tree models"
    )
    if stuck:
        return (
            f"{start} do no better on unseen rows than a constant, whose loss, {short(position.constant)}, is where "
            "this model stands."
        )
    return f"{start} do no better on unseen rows than a constant, whose loss is {short(position.constant)}."
