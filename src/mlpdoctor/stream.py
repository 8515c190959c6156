"""The one pass over the data: batches through the network, views to the statistics that ask for them."""

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from mlpdoctor import views
from mlpdoctor.collector import Collector, Statistics
from mlpdoctor.dataset import Dataset
from mlpdoctor.forward import OF_THE_FORWARD_PASS, show_forward, weighted
from mlpdoctor.heads import Heads
from mlpdoctor.passes import Engine, block_rows, usable_rows


def collect(
    dataset: Dataset,
    engine: Engine | None,
    heads: Heads | None,
    statistics: Iterable[type[Any]],
    progress: Callable[[int], None] | None = None,
) -> Statistics:
    """Read the data once and return every statistic asked for, as far as there is anything to summarise.

    Args:
        dataset: the rows.
        engine: runs the network; without one only the data are shown.
        heads: the outputs with their losses; without them no loss is shown.
        statistics: the types to fill.
        progress: told the number of rows after each block.
    """
    collector = Collector(tuple(statistics))
    forward = engine is not None and collector.wants(*OF_THE_FORWARD_PASS)
    blocks = dataset.batches(block_rows(engine.network if engine is not None and forward else None, dataset))
    for batch in blocks:
        collector.show(views.Cells(batch.features, batch.targets, batch.first_row, batch.weights))
        rows = usable_rows(batch)
        if len(rows.features):
            collector.show(views.Targets(rows.targets))
            collector.show(rows)
            judging = heads if heads is not None and rows.targets.shape[1] == heads.columns else None
            # Answers that overflow and labels out of range are for the checks to speak of, not for NumPy.
            with np.errstate(all="ignore"):
                if judging is not None and collector.wants(views.PerfectLoss):
                    collector.show(views.PerfectLoss(weighted(judging.perfect(rows.targets), rows)))
                if forward and engine is not None:
                    show_forward(collector, engine, judging, rows)
        if progress is not None:
            progress(batch.first_row + len(batch.features))
    return collector.merged
