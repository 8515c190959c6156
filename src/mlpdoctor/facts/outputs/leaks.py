"""Features that give the target away by themselves: a number by a line, a class by thresholds."""

import numpy as np
import numpy.typing as npt

from mlpdoctor.core.check import fact
from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.network import Array
from mlpdoctor.core.text import equation, percent
from mlpdoctor.engine.passes import Passes
from mlpdoctor.statistics.affine_factor import TargetFactor
from mlpdoctor.statistics.rows import RowSample

COPY = 1e-12
"""Share of the target's variance that a copy may leave: the square of the rounding of float32 and of most files."""
LEAST_ROWS = 30
"""Truth tables and worked examples have fewer rows, and often a column that is the answer."""
MOST_CLASSES = 50
ROWS_A_CLASS = 5
COUNTERS = frozenset(("id", "index", "rowid", "row", "rownumber", "rownames", "unnamed0", "passengerid", "customerid",
                      "userid", "recordid", "serialno", "srno", "sno", "no", "nr", "number"))  # fmt: skip
"""What a column that numbers the rows is called in public tables, letters and digits alone."""


@dataclass(frozen=True)
class Leak:
    """One feature beside one target.

    Attributes:
        feature: its place among the features.
        rest: share of the target's variance that it leaves.
        how: the map between them in words.
        copy: whether it is the target itself.
        all_rows: whether all rows were looked at, and not a sample.
        counts: whether it only numbers the rows.
    """

    feature: int
    rest: float
    how: str
    copy: bool
    all_rows: bool
    counts: bool = False


@dataclass(frozen=True, eq=False)
class Leaks:
    """The features beside the targets.

    Attributes:
        rows: of the file.
        varied: features that are not constant.
    """

    rows: int
    varied: int
    _factor: TargetFactor
    _sample: RowSample
    _passes: Passes

    @property
    def copies(self) -> bool:
        """Whether there are several targets, and each is an image of some feature."""
        rest = _rest(self._factor)
        return rest.shape[1] > 1 and bool((rest.min(axis=0) <= COPY).all())

    def of(self, near: float) -> list[Leak]:
        """Features of which each alone gives a target away, unless they are most of those that vary.

        Args:
            near: share of the variance of a number that such a feature may leave.
        """
        factor, rest, varied = self._factor, _rest(self._factor), _varied(self._factor)
        if factor.rows < LEAST_ROWS or self.varied < 2 or _coded(rest, varied):  # noqa: PLR2004
            return []
        names, targets = self._passes.dataset.feature_names, self._passes.dataset.target_names
        found = _by_numbers(factor, rest, near, names, targets)
        if not found:
            found = _by_classes(self._sample, varied, all_rows=len(self._sample.tickets) == factor.rows)
        found += counters(self._sample, names, [one.feature for one in found])
        return found if len({one.feature for one in found}) <= self.varied / 2 else []


@fact
def leaks(factor: TargetFactor, sample: RowSample, passes: Passes) -> Leaks:
    """Nothing is looked for yet."""
    return Leaks(factor.rows, int(_varied(factor).sum()), factor, sample, passes)


def _varied(factor: TargetFactor) -> npt.NDArray[np.bool_]:
    varied: npt.NDArray[np.bool_] = np.any(factor.triangle[1:, 1 : 1 + factor.features] != 0, axis=0)
    return varied


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
) -> list[Leak]:
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
        how = "gives the target exactly" if copy else f"gives the target but for {percent(share)} of its variance"
        found.append(Leak(int(feature), share, f"{how}: {line}", copy, all_rows=True))
    return found


def _by_classes(sample: RowSample, varied: npt.NDArray[np.bool_], *, all_rows: bool) -> list[Leak]:
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
        found.append(Leak(int(feature), 0.0, how, copy, all_rows=all_rows))
    return found


def counters(sample: RowSample, names: tuple[str, ...], known: list[int]) -> list[Leak]:
    """Columns that are called what numbers the rows, and do; in a file sorted by its target they give it away.

    Args:
        sample: of the rows.
        names: of the features.
        known: features that need no other word.
    """
    found = []
    for feature, name in enumerate(names):
        plain = "".join(letter for letter in name.lower() if letter.isalnum())
        if plain not in COUNTERS or feature in known or not _numbers_the_rows(sample, feature):
            continue
        steps = np.diff(sample.targets[np.argsort(sample.features[:, feature])], axis=0)
        ordered = bool(((steps >= 0).all(axis=0) | (steps <= 0).all(axis=0)).all())
        how = (
            "and gives the target away because the file is sorted by it"
            if ordered
            else "and no row has its number again"
        )
        found.append(Leak(feature, 0.0, f"numbers the rows, {how}", ordered, all_rows=False, counts=True))
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
