"""The one pass over the data: batches through the network, views to the statistics that ask for them."""

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from mlpdoctor.core.dataset import Batch, Dataset, in_single
from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.threads import RowsRead, fold
from mlpdoctor.engine.forward_views import (
    OF_THE_FORWARD_PASS,
    Collector,
    ForwardPass,
    Statistics,
    both,
    full,
    weighted,
)
from mlpdoctor.engine.passes import CACHE_CELLS, Engine, block_rows, usable_rows
from mlpdoctor.nn.heads import Heads
from mlpdoctor.statistics import views


def collect(
    dataset: Dataset,
    engine: Engine | None,
    heads: Heads | None,
    statistics: Iterable[type[Any]],
    progress: RowsRead | None = None,
    *,
    single: bool = False,
) -> Statistics:
    """Read the data once and return every statistic asked for, as far as there is anything to summarise.

    Args:
        dataset: the rows.
        engine: runs the network; without one only the data are shown.
        heads: the outputs with their losses; without them no loss is shown.
        statistics: the types to fill.
        progress: told after each block the number of rows read, and about how many there are, where that is known.
        single: whether rows reach the network in float32; cells are counted as they are in the file.
    """
    asked = tuple(statistics)
    forward, collector = None, Collector(asked)
    if engine is not None and collector.wants(*OF_THE_FORWARD_PASS):
        forward = ForwardPass(engine, heads, collector)
    height = block_rows(engine.network if engine is not None else None, dataset, CACHE_CELLS)
    shown = _Shown(asked, forward, heads, height, single, set())
    return fold(dataset, block_rows(None, dataset), shown.of, shown.both, progress) or {}


@dataclass(frozen=True, eq=False)
class _Shown:
    """Shows all there is to see of one block of rows; of a few at a time where they go through the network."""

    statistics: tuple[type[Any], ...]
    forward: ForwardPass | None
    heads: Heads | None
    height: int
    single: bool
    full: set[type[Any]]
    """Statistics that are known to be full, which are spared the work; to leave them out changes no result."""

    def both(self, first: Statistics, second: Statistics) -> Statistics:
        """The statistics of two neighbouring blocks as those of one."""
        merged = both(first, second)
        self.full.update(full(merged))
        return merged

    def of(self, batch: Batch) -> Statistics:
        """The statistics of one block."""
        collector = Collector(tuple(kind for kind in self.statistics if kind not in self.full))
        collector.show(views.Cells(batch.features, batch.targets, batch.first_row, batch.weights))
        rows = usable_rows(in_single(batch) if self.single else batch)
        if len(rows.features):
            collector.show(views.Targets(rows.targets))
            collector.show(rows)
            judging = self.heads if self.heads is not None and rows.targets.shape[1] == self.heads.columns else None
            # Answers that overflow and labels out of range are for the checks to report, not for NumPy.
            with np.errstate(all="ignore"):
                if judging is not None and collector.wants(views.PerfectLoss):
                    collector.show(views.PerfectLoss(weighted(judging.perfect(rows.targets), rows)))
                if self.forward is not None:
                    for few in self._pieces(rows):
                        self.forward.show(collector, few, judged=judging is not None)
        return collector.seen

    def _pieces(self, rows: views.Rows) -> Iterator[views.Rows]:
        for start in range(0, len(rows.features), self.height):
            yield rows.at(slice(start, start + self.height))
