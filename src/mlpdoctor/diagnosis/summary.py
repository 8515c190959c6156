"""The model, the data, the history and what is ruled out, each in a line."""

import itertools
import math

import numpy as np

from mlpdoctor.analysis.curves.noise import finite
from mlpdoctor.core.check import Absent
from mlpdoctor.core.dataset import Dataset
from mlpdoctor.core.history import LOSS, VALIDATION_LOSS, Column, History
from mlpdoctor.core.history_summary import HistorySummary, Plateau, Reached, Search, Trace
from mlpdoctor.core.ladder import Ladder
from mlpdoctor.core.network import Network
from mlpdoctor.core.report_model import DataSummary, ModelSummary
from mlpdoctor.diagnosis.resolve import FactResolver
from mlpdoctor.facts.history.curve_plateau import CurvePlateau, TrialScores
from mlpdoctor.facts.history.plateau_rung import PlateauRung
from mlpdoctor.facts.history.run_rates import RateCurve
from mlpdoctor.facts.history.training_curve import TrainingCurve
from mlpdoctor.facts.outputs.contract import Contract
from mlpdoctor.nn.losses.registry import kind_of
from mlpdoctor.statistics.moments import CellCounts

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
    from mlpdoctor.diagnosis.search import search_of

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
