"""The one pass over the data: batches through the network, views to the statistics that ask for them."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from itertools import chain
from typing import Any, TypeAlias

import numpy as np

from mlpdoctor.core import threads
from mlpdoctor.core.dataset import Batch, Dataset, in_single
from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.engine.forward_views import OF_THE_FORWARD_PASS, Collector, ForwardPass, Statistics, weighted
from mlpdoctor.engine.passes import CACHE_CELLS, Engine, block_rows, usable_rows
from mlpdoctor.nn.heads import Heads
from mlpdoctor.statistics import views

RowsRead: TypeAlias = Callable[[int, int | None], None]
"""Told how many rows have been read, and about how many there are, where that is known."""
WORTH_SHARING = 1 << 16
"""Cells of a block from which it pays to hand blocks to several threads: half a millisecond of reading alone."""


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

    Large blocks are summarised side by side and merged in order, so that the sums are the same to the last digit
    however many threads there are.

    Args:
        dataset: the rows.
        engine: runs the network; without one only the data are shown.
        heads: the outputs with their losses; without them no loss is shown.
        statistics: the types to fill.
        progress: told after each block the number of rows read, and about how many there are, where that is known.
        single: whether rows reach the network in float32; cells are counted as they are in the file.
    """
    collector = Collector(tuple(statistics))
    forward = None
    if engine is not None and collector.wants(*OF_THE_FORWARD_PASS):
        forward = ForwardPass(engine, heads, collector)
    height = block_rows(engine.network if engine is not None else None, dataset, CACHE_CELLS)
    block = _Block(forward, heads, height, single)
    batches = dataset.batches(block_rows(None, dataset))
    first = next(batches, None)
    if first is None:
        return collector.merged
    tasks = ((batch, collector.part()) for batch in chain([first], batches))
    large = first.features.size + first.targets.size >= WORTH_SHARING
    with closing(threads.in_order(block.show, tasks) if large else (block.show(task) for task in tasks)) as seen:
        for rows, part in seen:
            # Answers of a broken model overflow in sums too; the checks speak of them, not NumPy.
            with np.errstate(all="ignore"):
                collector.merge(part)
            if progress is not None:
                progress(rows, dataset.rows_about)
    return collector.merged


@dataclass(frozen=True, eq=False)
class _Block:
    """Shows all there is to see of one block of rows; of a few at a time where they go through the network."""

    forward: ForwardPass | None
    heads: Heads | None
    height: int
    single: bool

    def show(self, task: tuple[Batch, Collector]) -> tuple[int, Collector]:
        """The number of rows read so far, and the collector once it has seen the batch."""
        batch, collector = task
        collector.show(views.Cells(batch.features, batch.targets, batch.first_row, batch.weights))
        rows = usable_rows(in_single(batch) if self.single else batch)
        if len(rows.features):
            collector.show(views.Targets(rows.targets))
            collector.show(rows)
            judging = self.heads if self.heads is not None and rows.targets.shape[1] == self.heads.columns else None
            # Answers that overflow and labels out of range are for the checks to speak of, not for NumPy.
            with np.errstate(all="ignore"):
                if judging is not None and collector.wants(views.PerfectLoss):
                    collector.show(views.PerfectLoss(weighted(judging.perfect(rows.targets), rows)))
                if self.forward is not None:
                    for few in self._pieces(rows):
                        self.forward.show(collector, few, judged=judging is not None)
        return batch.first_row + len(batch.features), collector

    def _pieces(self, rows: views.Rows) -> Iterator[views.Rows]:
        for start in range(0, len(rows.features), self.height):
            part = slice(start, start + self.height)
            weights = None if rows.weights is None else rows.weights[part]
            yield views.Rows(rows.features[part], rows.targets[part], rows.numbers[part], weights)
