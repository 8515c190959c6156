"""What models that are asked about the same data share: the rows, their statistics, and facts of the data alone."""

from collections import Counter, OrderedDict
from collections.abc import Hashable, Iterable
from dataclasses import field
from typing import Any

from mlpdoctor.core.dataset import Dataset
from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.diagnosis.question import Question, files_read
from mlpdoctor.engine.forward_views import OF_THE_DATA, Statistics, view_of
from mlpdoctor.readers.tables.kept_rows import KeptRows
from mlpdoctor.readers.tables.places import version_of

MOST = 4
"""Data sets of which this is kept, those that were asked about last: each may come to some hundred megabytes."""


@dataclass(eq=False)
class SharedData:
    """What is known of one data set, whatever the model.

    Attributes:
        rows: as numbers.
        facts: by their type and all else that they depend on.
    """

    rows: KeptRows = field(default_factory=KeptRows)
    facts: dict[Hashable, Any] = field(default_factory=dict)
    _statistics: dict[bool, Statistics] = field(default_factory=dict)

    def statistics(self, *, single: bool) -> Statistics:
        """The statistics of the data that some model asked for; ``single`` as in `engine.stream.collect`."""
        return self._statistics.get(single, {})

    def keep(self, found: Statistics, *, single: bool) -> None:
        """Keep those statistics that show nothing of the network."""
        own = {key: one for key, one in found.items() if view_of(key[0]) in OF_THE_DATA}
        self._statistics[single] = {**self.statistics(single=single), **own}


class Sharing:
    """What is known of each data set that more than one of some questions is about.

    Args:
        questions: those of the whole run.
    """

    def __init__(self, questions: Iterable[Question]) -> None:
        """Nothing is known yet."""
        asked = Counter(question.data for question in questions)
        self._several = frozenset(path for path, many in asked.items() if many > 1)
        self._known: OrderedDict[Hashable, SharedData] = OrderedDict()

    def of(self, question: Question, dataset: Dataset | None) -> SharedData | None:
        """What is known of the data of a question, to be added to; None where nobody else asks about them."""
        if dataset is None or question.data not in self._several:
            return None
        if question.data == "-" or question.cluster is not None or callable(question.preprocess):
            return None
        try:
            key = _identity(question, dataset)
        except OSError:  # a file that is gone: reading it says so
            return None
        found = self._known.pop(key, None) or SharedData()
        self._known[key] = found
        while len(self._known) > MOST:
            self._known.popitem(last=False)
        return found


def _identity(question: Question, dataset: Dataset) -> Hashable:
    """Equal for the same rows with the same columns, read in the same way from the same files."""
    files = tuple(version_of(file) for what, file in files_read(question) if what == "the data")
    texts = getattr(dataset, "texts", {})
    return (
        question.data,
        question.preprocess,
        question.split,
        question.max_bytes,
        files,
        dataset.format,
        dataset.feature_names,
        dataset.target_names,
        dataset.weight_name,
        tuple(sorted((name, tuple(words)) for name, words in texts.items())),
    )
