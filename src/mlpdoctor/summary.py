"""The model, the data and the cleared suspects, each in a line."""

import math
from collections.abc import Iterable

from mlpdoctor.dataset import Dataset
from mlpdoctor.fact import Absent
from mlpdoctor.facts.contract import Contract
from mlpdoctor.finding import DataSummary, Finding, ModelSummary, Outcome, RuledOut, Status
from mlpdoctor.losses.registry import kind_of
from mlpdoctor.network import Network
from mlpdoctor.statistics.cell_counts import CellCounts


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


def ruled_out(findings: Iterable[Finding], outcomes: Iterable[Outcome]) -> tuple[RuledOut, ...]:
    """What the findings exclude as a cause, then what passed checks do."""
    by_findings = [RuledOut(what, finding.code) for finding in findings for what in finding.evidence.rules_out]
    by_checks = [RuledOut(o.clears, o.code) for o in outcomes if o.clears and o.status is Status.PASSED]
    first: dict[str, RuledOut] = {}
    for suspect in (*by_findings, *by_checks):
        first.setdefault(suspect.what, suspect)
    return tuple(first.values())
