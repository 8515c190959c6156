"""What the figures of a page need beyond the report's numbers: a sample of rows, predictions, what the units do.

It is gathered in the run that makes the report, and only where a page is asked for. All of it is plain data.
"""

from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.history_summary import Trace

Numbers = tuple[float, ...]
MOST_ROWS = 2_000
"""Rows that are shown at most: a seeded sample, which the page says."""
STATES = ("working", "linear", "saturated", "dead")
"""What a unit does on the rows."""


@dataclass(frozen=True)
class Surface:
    """What the model predicts between the rows.

    Attributes:
        x: where, along the first feature.
        y: along the second; empty where there is one feature alone.
        values: the prediction: one for each x, or row by row for each y and x.
        line: of one feature: what the best line predicts at each x; empty where none is known.
        pieces: of one feature: the lines (from x, its y, to x, its y) that no network with these kinks gets below.
    """

    x: Numbers
    y: Numbers = ()
    values: Numbers = ()
    line: Numbers = ()
    pieces: tuple[tuple[float, float, float, float], ...] = ()


@dataclass(frozen=True)
class Fit:
    """One target beside what is predicted for it.

    Attributes:
        target: its name.
        inputs: how many features the model has.
        features: names of those that are shown: all of one or two, else the two that tell most of the residuals.
        columns: their values, one tuple a feature.
        truth: the target, row by row; the number of the class where there are several.
        prediction: what the model predicts; a probability where there are two classes, else a class.
        classes: how many there are; 0 where the target is a number.
        surface: between the rows; None for more than two features.
    """

    target: str
    inputs: int
    features: tuple[str, ...]
    columns: tuple[Numbers, ...]
    truth: Numbers
    prediction: Numbers
    classes: int = 0
    surface: Surface | None = None


@dataclass(frozen=True)
class Classes:
    """How often each class is taken for which, and whether probabilities are what they say.

    Attributes:
        output: its name.
        labels: the classes that are shown.
        counts: rows of the sample by true class, then by predicted class.
        left_out: classes that are not shown, for there are too many.
        claimed: mean probability of the predicted class, in bins of it.
        right: share of the rows of each bin that are of the predicted class.
        rows: of each bin.
    """

    output: str
    labels: tuple[str, ...]
    counts: tuple[tuple[int, ...], ...]
    left_out: int
    claimed: Numbers
    right: Numbers
    rows: tuple[int, ...]


@dataclass(frozen=True)
class LayerPicture:
    """What one layer's units do.

    Attributes:
        name: of the layer.
        activation: name of its function.
        edges: of the bins of the histogram of pre-activations, one more than bins.
        counts: values in each bin; values beyond the ends count in the outermost.
        curve: the activation function at the edges; empty where it works on whole rows.
        states: of each unit, positions in ``STATES``.
        rows: on which the states were counted.
    """

    name: str
    activation: str
    edges: Numbers
    counts: tuple[int, ...]
    curve: Numbers
    states: tuple[int, ...]
    rows: int


@dataclass(frozen=True)
class LayerSizes:
    """How large a layer's weights are, the gradient that reaches it, and what updates do to it.

    Attributes:
        layer: its name.
        weights: root mean square of its kernel.
        gradient: length of the gradient at its pre-activations, root mean square over rows; None where not known.
        moved: distance that its weights go in the updates tried, beside their size; None where not tried.
    """

    layer: str
    weights: float
    gradient: float | None
    moved: float | None


@dataclass(frozen=True)
class Pictures:
    """All of it.

    Attributes:
        rows: shown.
        of: usable rows in the data.
        fits: one a target that is shown.
        targets: how many there are.
        classes: one an output that tells classes apart.
        layers: in order.
        sizes: of the learned layers in order.
        reference: the gradient that others are compared with, that of the last hidden layer; None without one.
        updates: made by the trial that ``moved`` tells of.
        rate: the learning rate that training logged; None where it did not.
    """

    rows: int
    of: int
    fits: tuple[Fit, ...] = ()
    targets: int = 0
    classes: tuple[Classes, ...] = ()
    layers: tuple[LayerPicture, ...] = ()
    sizes: tuple[LayerSizes, ...] = ()
    reference: float | None = None
    updates: int = 0
    rate: Trace | None = None
