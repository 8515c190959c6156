"""D712: a feature that is the target itself in another form."""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from mlpdoctor.core.check import Stage, check
from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.finding import Certainty, Evidence, Remedy, Severity
from mlpdoctor.core.network import Array
from mlpdoctor.core.text import count, equation, listing, percent
from mlpdoctor.engine.passes import Passes
from mlpdoctor.statistics.affine_factor import TargetFactor
from mlpdoctor.statistics.rows import RowSample

COPY = 1e-12
"""Share of the target's variance that a copy may leave: the square of the rounding of float32 and of most files."""
LEAST_ROWS = 30
"""Truth tables and worked examples have fewer rows, and often a column that is the answer."""
MOST_CLASSES = 50
ROWS_A_CLASS = 5


@dataclass(frozen=True)
class _Leak:
    """One feature beside one target: what it leaves of the target's variance, and the map between them in words."""

    feature: int
    rest: float
    how: str
    copy: bool


@check(
    "D712",
    Severity.WARNING,
    "{feature} {how}",
    stage=Stage.DATA,
    untreatable="a feature that gives the answer away makes the loss low, not high; decide whether it may be there",
)
def leaking_feature(
    factor: TargetFactor, sample: RowSample, passes: Passes, *, near_share: float = 0.001
) -> Iterator[Evidence]:
    """A feature that gives the target away by itself.

    Why it matters
        A column that is the target in other units, or was worked out from it, makes any model look perfect on these
        data, and is not there when the model is used. Training then learns that one column.
    How to fix it
        Find out when the column becomes known. If that is with or after the target, leave it out.
    When it stays silent
        Problems with one feature that varies, or whose features are all images of one; autoencoders, whose targets are
        their features; tables of fewer than 30 rows. A column that comes near the target, up to the tolerated share of
        its variance, or that tells the classes apart by thresholds, is a note: in easy data that is how it should be.
        A column that numbers the rows of a file sorted by its classes is no such note.
    How sure
        Measured on all rows for numbers, on a sample of up to 32,768 rows for classes.
    References
        Kaufman, Rosset, Perlich and Stitelman, Leakage in data mining, 2012.
    """
    width = factor.features
    rest = _rest(factor)
    varied = np.any(factor.triangle[1:, 1 : 1 + width] != 0, axis=0)
    if factor.rows < LEAST_ROWS or int(varied.sum()) < 2 or _coded(rest, varied):  # noqa: PLR2004
        return
    names, targets = passes.dataset.feature_names, passes.dataset.target_names
    leaks = _by_numbers(factor, rest, near_share, names, targets) or _by_classes(sample, varied)
    if not leaks or len({one.feature for one in leaks}) > varied.sum() / 2:
        return
    first = min(leaks, key=lambda one: (not one.copy, one.rest, one.feature))
    copies = [one for one in leaks if one.copy]
    shown = sorted({one.feature for one in copies or leaks})
    name = names[first.feature]
    yield Evidence(
        numbers={
            "feature": name,
            "how": first.how,
            "features": tuple(names[k] for k in shown[:100]),
            "unexplained_share": first.rest,
            "rows": factor.rows,
        },
        certainty=Certainty.MEASURED
        if first.how.startswith("gives") or len(sample.tickets) == factor.rows
        else Certainty.ESTIMATED,
        severity=None if first.copy else Severity.NOTE,
        why=f"That one column predicts the target, without the other {count(int(varied.sum()) - 1, 'feature')}. "
        "If it is not known before the target is, the model is of no use however low its loss.",
        remedy=Remedy(
            f"find out when {listing([names[k] for k in shown])} becomes known; if not before the target, leave it out",
            f"df = df.drop(columns={[names[k] for k in shown[:12]]})",
        ),
        strength=1.0 if first.copy else 0.5,
        verdict=f"The target is among the inputs: {name} {first.how}. A loss on these data says nothing about data "
        "where that column is not known.",
    )


def _rest(factor: TargetFactor) -> Array:
    """Share of each target's variance that a line in one feature alone leaves; shape (features, targets)."""
    centred = factor.triangle[1:]
    features, targets = centred[:, 1 : 1 + factor.features], centred[:, 1 + factor.features :]
    power = np.square(features).sum(axis=0)
    power[power == 0] = 1.0
    slopes = features.T @ targets / power[:, None]
    left = [np.square(targets - features[:, [k]] * slopes[k]).sum(axis=0) for k in range(factor.features)]
    whole = np.square(targets).sum(axis=0)
    share: Array = np.where(whole > 0, np.array(left) / np.where(whole > 0, whole, 1.0), 1.0)
    return share


def _coded(rest: Array, varied: npt.NDArray[np.bool_]) -> bool:
    """Whether every feature that varies is an image of some target: an autoencoder, or images of one column."""
    return bool((rest[varied].min(axis=1) <= COPY).all())


def _by_numbers(
    factor: TargetFactor, rest: Array, near: float, names: tuple[str, ...], targets: tuple[str, ...]
) -> list[_Leak]:
    found = []
    for feature, target in zip(*np.nonzero(rest <= near), strict=True):
        share = float(rest[feature, target])
        column = 1 + factor.features + target
        own, other = factor.triangle[1:, 1 + feature], factor.triangle[1:, column]
        slope = float(own @ other / (own @ own))
        means = factor.origin + factor.triangle[0, 1:] / factor.triangle[0, 0]
        start = float(means[column - 1] - slope * means[feature])
        if abs(start) <= np.sqrt(COPY) * (abs(means[column - 1]) + abs(slope * means[feature])):
            start = 0.0
        line = (
            equation(targets[target], start, (slope,), (names[feature],)).replace("= 1 ", "= ").replace("= -1 ", "= -")
        )
        copy = share <= COPY
        how = "gives the target exactly" if copy else f"alone gives the target but for {percent(share)} of its variance"
        found.append(_Leak(int(feature), share, f"{how.replace('alone gives', 'gives')}: {line}", copy))
    return found


def _by_classes(sample: RowSample, varied: npt.NDArray[np.bool_]) -> list[_Leak]:
    """Features in which each class has an interval of its own."""
    classes = _classes(sample.targets)
    if classes is None:
        return []
    members = [classes == k for k in range(int(classes.max()) + 1)]
    low = np.stack([sample.features[member].min(axis=0) for member in members])
    high = np.stack([sample.features[member].max(axis=0) for member in members])
    order = low.argsort(axis=0, kind="stable")
    low, high = np.take_along_axis(low, order, axis=0), np.take_along_axis(high, order, axis=0)
    apart = (high[:-1] < low[1:]).all(axis=0) & varied
    found = []
    for feature in np.flatnonzero(apart):
        copy = bool((low[:, feature] == high[:, feature]).all())
        how = "has one value for each class" if copy else "tells the classes apart by thresholds alone"
        if not copy and _numbers_the_rows(sample, int(feature)):
            copy, how = True, "numbers the rows, and tells the classes apart because the file is sorted by them"
        found.append(_Leak(int(feature), 0.0, how, copy))
    return found


def _numbers_the_rows(sample: RowSample, feature: int) -> bool:
    """Whether a column counts the rows of the file, from wherever: whole numbers, each once, without a gap."""
    values = np.sort(sample.features[:, feature])
    return bool((np.diff(values) == 1).all()) and values[0] == np.floor(values[0])


def _classes(targets: Array) -> npt.NDArray[np.intp] | None:
    """The class of each row, counted from 0; None where the targets are no classes."""
    if targets.shape[1] > 1:
        one_hot = ((targets == 0) | (targets == 1)).all() and (targets.sum(axis=1) == 1).all()
        if not one_hot:
            return None
        targets = targets.argmax(axis=1)[:, None]
    values, places = np.unique(targets[:, 0], return_inverse=True)
    if not 2 <= len(values) <= min(MOST_CLASSES, len(targets) // ROWS_A_CLASS):  # noqa: PLR2004
        return None
    return places.ravel()
