"""The model, the data, the history, a search for hyperparameters and what is ruled out, each in short."""

import itertools
import math
from collections.abc import Sequence

import numpy as np

from mlpdoctor.analysis.curves.noise import finite
from mlpdoctor.core.check import Absent
from mlpdoctor.core.dataset import Dataset
from mlpdoctor.core.history import LOSS, VALIDATION_LOSS, Column, History, Trial
from mlpdoctor.core.history_summary import Followed, HistorySummary, Plateau, Reached, Search, Trace, TrialRow
from mlpdoctor.core.ladder import ON_A_RUNG, Ladder
from mlpdoctor.core.network import Array, Network
from mlpdoctor.core.report_model import DataSummary, ModelSummary
from mlpdoctor.diagnosis.resolve import FactResolver
from mlpdoctor.facts.history.curve_plateau import CurvePlateau, TrialScores
from mlpdoctor.facts.history.plateau_rung import PlateauRung
from mlpdoctor.facts.history.run_rates import RateCurve
from mlpdoctor.facts.history.training_curve import TrainingCurve
from mlpdoctor.facts.outputs.contract import Contract
from mlpdoctor.nn.losses.registry import kind_of
from mlpdoctor.statistics.moments import CellCounts

MOST_TRIALS = 200
"""Trials that are kept, the best; a report is read by people."""
FEWEST = 5
"""Trials from which a rank correlation is worked out: with four its interval reaches from -1 to 1."""
RUNGS = ("constant", "affine", "noise", "data")
"""Of a ladder without a model: what any network on these data may stop at."""
QUANTILE = 1.959964
"""Of the normal distribution, for an interval of 95 %."""
SPEARMAN = 1.06
"""Variance of Fisher's z of a rank correlation, times the number of trials less three: Fieller et al. 1957."""


def search_of(trials: Sequence[Trial], ladder: Ladder | None) -> Search | None:
    """The table; None where no trial has a score.

    Args:
        trials: in any order.
        ladder: of the data, where there are any.
    """
    scored = [(trial.score, trial) for trial in trials if trial.score is not None and math.isfinite(trial.score)]
    if not scored:
        return None
    objective = next((trial.objective for _, trial in scored if trial.objective), None)
    upwards = objective is not None and any(word in objective for word in ("acc", "auc", "precision", "recall", "f1"))
    scored.sort(key=lambda pair: -pair[0] if upwards else pair[0])
    rows = tuple(
        TrialRow(trial.name, score, _rung(score, objective, ladder), dict(trial.hyperparameters))
        for score, trial in scored[:MOST_TRIALS]
    )
    return Search(objective, len(trials) - len(scored), rows, _follows(scored))


def _rung(score: float, objective: str | None, ladder: Ladder | None) -> str | None:
    if ladder is None or objective not in {None, "loss", "val_loss"}:
        return None
    near = [
        (abs(score - rung.value), rung.name)
        for rung in ladder.rungs
        if rung.name in RUNGS and rung.value > 0 and abs(score - rung.value) <= ON_A_RUNG * rung.value
    ]
    return min(near)[1] if near else None


def _follows(scored: Sequence[tuple[float, Trial]]) -> tuple[Followed, ...]:
    """The rank correlation of the score with each hyperparameter that is a number and was varied, strongest first."""
    if len(scored) < FEWEST:
        return ()
    names = dict.fromkeys(name for _, trial in scored for name in trial.hyperparameters)
    found = []
    for name in names:
        pairs = [(score, trial.hyperparameters.get(name)) for score, trial in scored]
        numbers = [(score, float(value)) for score, value in pairs if isinstance(value, int | float)]
        if len(numbers) >= FEWEST and len({value for _, value in numbers}) > 1:
            scores, values = np.array(numbers).T
            found.append(_correlation(name, scores, values))
    return tuple(sorted((one for one in found if one is not None), key=lambda one: -abs(one.correlation)))


def _correlation(name: str, scores: Array, values: Array) -> Followed | None:
    """Spearman's, with the interval of 95 % by Fisher's transformation."""
    one, other = _ranks(scores), _ranks(values)
    if not one.std() or not other.std():
        return None
    rho = float(np.clip(np.corrcoef(one, other)[0, 1], -1.0, 1.0))
    error = QUANTILE * math.sqrt(SPEARMAN / (len(scores) - 3))
    z = math.atanh(min(max(rho, -1 + 1e-12), 1 - 1e-12))
    return Followed(name, rho, math.tanh(z - error), math.tanh(z + error), len(scores))


def _ranks(values: Array) -> Array:
    """Ranks from 0 on; equal values share the mean of theirs."""
    _, places, counts = np.unique(values, return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    return np.asarray((ends - (counts + 1) / 2)[places])


MOST_POINTS = 120
"""Points of a trace: more than a terminal draws."""


def summarise_history(history: History, resolver: FactResolver) -> HistorySummary:
    """What was logged, and where it stops."""
    curve: TrainingCurve | Absent = resolver.get(TrainingCurve)
    rates: RateCurve | Absent = resolver.get(RateCurve)
    trials: TrialScores | Absent = resolver.get(TrialScores)
    known = None if isinstance(curve, Absent) else curve
    run = history.last
    plateau, reason = _plateau(resolver.get(CurvePlateau), resolver.get(PlateauRung))
    best = None if known is None else known.best
    return HistorySummary(
        path=history.path,
        format=history.format,
        runs=len(history.runs),
        epochs=0 if run is None or history.stated else run.epochs,
        planned=None if run is None else run.planned,
        columns=() if run is None else tuple(run.columns),
        decimals=None if known is None else known.column.decimals,
        first=None if known is None else known.first,
        last=known.last if known is not None and math.isfinite(known.last) else None,
        best=None if best is None else best.value,
        best_epoch=None if best is None or history.stated else best.epoch,
        broken_epoch=None if known is None or known.broken is None else known.broken[0],
        first_rate=None if isinstance(rates, Absent) else rates.rates.first,
        last_rate=None if isinstance(rates, Absent) else rates.rates.last,
        trials=0 if isinstance(trials, Absent) else len(trials.scores),
        plateau=plateau,
        no_plateau=reason,
        bad_lines=history.bad.count,
        bad_examples=history.bad.examples,
        guesses=history.guesses,
        traces=() if run is None or history.stated else traces(run.columns.get(LOSS), run.columns.get(VALIDATION_LOSS)),
        search=_search(history, resolver) if history.trials else None,
    )


def _search(history: History, resolver: FactResolver) -> Search | None:

    ladder = resolver.get(Ladder)
    return search_of(history.trials, None if isinstance(ladder, Absent) else ladder)


def _plateau(found: CurvePlateau | Absent, beside: PlateauRung | Absent) -> tuple[Plateau | None, str | None]:
    if isinstance(found, Absent):
        return None, found.reason
    level = found.level
    known, perhaps = ((), ()) if isinstance(beside, Absent) else (beside.on, beside.perhaps)
    rungs, near = (
        tuple(Reached(o.rung.name, o.rung.label, o.rung.value, o.logged, o.exact, o.digits, o.chance) for o in group)
        for group in (known, perhaps)
    )
    reason = beside.reason if isinstance(beside, Absent) else None
    source = found.source.value
    return Plateau(level.value, level.low, level.high, source, level.first, level.last, rungs, near, reason), None


def traces(*columns: Column | None) -> tuple[Trace, ...]:
    """Columns of a log, thinned out to be drawn."""
    return tuple(_trace(column) for column in columns if column is not None and np.isfinite(column.values).any())


def _trace(column: Column) -> Trace:
    """Its finite values; medians over stretches of equal length where there are too many."""
    seen = finite(column)
    edges = np.linspace(0, len(seen), min(len(seen), MOST_POINTS) + 1).astype(int)
    parts = [slice(start, stop) for start, stop in itertools.pairwise(edges)]
    with np.errstate(all="ignore"):
        middle = [float(np.median(seen.values[part])) for part in parts]
    epochs = [int(seen.epochs[part][(part.stop - part.start) // 2]) for part in parts]
    kept = [(epoch, value) for epoch, value in zip(epochs, middle, strict=True) if math.isfinite(value)]
    return Trace(column.name, tuple(epoch for epoch, _ in kept), tuple(value for _, value in kept))


def summarise_model(network: Network, not_followed: str | None) -> ModelSummary:
    """What the file holds."""
    layers, optimizer = network.layers, network.optimizer
    losses = [_in_words(config.name) for config in network.losses if config is not None]
    return ModelSummary(
        path=network.file,
        format=network.format,
        keras_version=network.keras_version,
        layers=sum(layer.kind != "InputLayer" for layer in layers),
        dense_layers=sum(layer.kind == "Dense" for layer in layers),
        parameters=sum(math.prod(weight.shape) for layer in layers for weight in layer.weights.values()),
        optimizer=optimizer.name if optimizer else None,
        learning_rate=optimizer.learning_rate if optimizer else None,
        iterations=optimizer.iterations if optimizer else None,
        loss=", ".join(dict.fromkeys(losses)) or None,
        not_followed=not_followed,
    )


def _in_words(loss: str) -> str:
    known = kind_of(loss)
    return loss if known is None else known.label


def summarise_data(dataset: Dataset, cells: CellCounts | Absent, contract: Contract | Absent) -> DataSummary:
    """What the data hold."""
    rows = 0 if isinstance(cells, Absent) else cells.rows
    bad = 0 if isinstance(cells, Absent) else cells.bad_rows
    return DataSummary(
        path=dataset.path,
        format=dataset.format,
        rows=rows,
        rows_used=rows - bad,
        features=dataset.feature_names,
        targets=dataset.target_names,
        guesses=dataset.guesses,
        weight=dataset.weight_name,
        target_kinds=() if isinstance(contract, Absent) else contract.kinds,
    )
