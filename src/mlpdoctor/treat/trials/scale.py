"""How low a loss is: from the best constant down to what the data leave, and when there is no point in going on."""

import math

from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.ladder import ON_A_RUNG, Ladder
from mlpdoctor.core.text import named
from mlpdoctor.core.trial_result import RunGroup

AT_THE_END = 1e-3
"""A loss within a thousandth of the way from the least there can be to the best constant has arrived."""
SURELY = 2.0
"""Standard errors below an estimated noise from which on it is likely that only noise is left."""
FLOAT32 = 1e-9
"""A loss under this share of the best constant's is zero as far as float32 weights can tell."""


@dataclass(frozen=True, eq=False)
class Scale:
    """The ladder of the model as it was saved, for the losses of trials.

    Attributes:
        ladder: None where the model has none.
    """

    ladder: Ladder | None

    @property
    def loss(self) -> str:
        """The model's loss in words."""
        return self.ladder.loss if self.ladder is not None else "the loss"

    def at_the_end(self, group: RunGroup) -> bool:
        """Whether all runs went as low as there is any point in going, as far as noise can be estimated."""
        return self.ladder is not None and arrived(group.high, least_of(self.ladder), span_of(self.ladder))

    def at_the_bottom(self, group: RunGroup) -> bool:
        """Whether all runs went so low that what is left is noise, even if there is less of it than estimated."""
        return self.ladder is not None and arrived(group.high, bottom_of(self.ladder), span_of(self.ladder))

    def exact(self, group: RunGroup) -> bool:
        """Whether all runs are on the floor of the data itself; what is called noise is an estimate, often too high."""
        data = None if self.ladder is None else self.ladder.value("data")
        return self.ladder is not None and data is not None and arrived(group.high, data, span_of(self.ladder))

    def enough(self, loss: float) -> bool:
        """Whether nothing that float32 could show is left above what rows in conflict keep in place."""
        data = None if self.ladder is None else self.ladder.value("data")
        return data is not None and self.ladder is not None and loss - data <= FLOAT32 * span_of(self.ladder)

    def of(self, judged_by: str, *groups: RunGroup) -> tuple[float, float]:
        """The lowest loss there can be, and the way from there to the best constant.

        Where runs go clearly below what was estimated to be noise, it was not noise.

        Args:
            judged_by: the loss in words, or another measure, whose least is zero.
            groups: the runs that are to be measured.
        """
        if judged_by != self.loss or self.ladder is None:
            return 0.0, 1.0
        least, span = least_of(self.ladder), span_of(self.ladder)
        data = self.ladder.value("data") or self.ladder.perfect
        if any(group.low < least and not arrived(least, group.low, span) for group in groups):
            return data, span + least - data
        return least, span

    def rung(self, loss: float) -> str | None:
        """Where a loss stands, in words; None where there is no ladder, or none that it can be seen on."""
        return None if self.ladder is None else rung_reached(loss, self.ladder)


def arrived(loss: float, least: float, span: float) -> bool:
    """Whether a loss is as low as there is any point in going."""
    return loss - least <= AT_THE_END * abs(span)


def least_of(ladder: Ladder) -> float:
    """The lowest loss worth asking for: that of the data, of the noise as estimated, or of perfect answers."""
    noise = ladder.value("noise")
    return max(ladder.perfect, ladder.value("data") or ladder.perfect, ladder.perfect if noise is None else noise)


def bottom_of(ladder: Ladder) -> float:
    """The loss at which nothing but noise is left even if there is less of it than estimated."""
    noise = ladder.rung("noise")
    data = max(ladder.perfect, ladder.value("data") or ladder.perfect)
    return data if noise is None else max(data, noise.value - SURELY * (noise.error or 0.0))


def span_of(ladder: Ladder) -> float:
    """From that loss to the best constant's."""
    constant = ladder.value("constant")
    return max((constant if constant is not None else 1.0) - least_of(ladder), 0.0)


def rung_reached(loss: float, ladder: Ladder) -> str | None:
    """Where a loss stands on the ladder of the model as it was, in words; None where the ladder has no rungs."""
    if not math.isfinite(loss):
        return "not a number"
    values = {rung.name: rung for rung in ladder.rungs if rung.name not in {"model", "readout"}}
    constant = ladder.value("constant")
    span = (constant - ladder.perfect) if constant is not None else 0.0
    data = ladder.value("data")
    if data is not None and loss - data <= max(AT_THE_END * span, ON_A_RUNG * abs(data - ladder.perfect)):
        return "the least these data allow" if data > ladder.perfect else "practically zero"
    noise = ladder.rung("noise")
    if noise is not None and loss <= noise.value + (noise.error or 0.0):
        return "below the noise as estimated" if loss < bottom_of(ladder) else "on the noise"
    for name in ("architecture", "affine", "constant"):
        rung = values.get(name)
        if rung is not None and abs(loss - rung.value) <= ON_A_RUNG * abs(rung.value - ladder.perfect):
            return (
                f"at the loss of {named(rung.label)}" if name != "architecture" else "on the floor of this architecture"
            )
    below = [rung for rung in values.values() if rung.name in {"architecture", "affine", "constant"}]
    under = [rung for rung in below if loss < rung.value]
    if not below:
        return None
    if not under:
        return f"above the loss of {named(values['constant'].label)}" if "constant" in values else "above all rungs"
    rung = min(under, key=lambda one: (one.value, one.name != "architecture"))
    return (
        "below the floor of the old architecture"
        if rung.name == "architecture"
        else f"below the loss of {named(rung.label)}"
    )
