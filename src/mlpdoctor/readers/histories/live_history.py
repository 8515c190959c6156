"""A training history that is in memory: what ``fit`` returned, or its numbers in a dictionary."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from mlpdoctor.core.history import History
from mlpdoctor.readers.histories.assembled import AssembledHistory, history_of
from mlpdoctor.readers.histories.json_log import parse_json, read_json
from mlpdoctor.readers.histories.refusals import HistoryFileError

NAME = "history"
"""What a history that has no path is called."""
EXPECTED = "expected what fit returned, a dictionary such as {'loss': [0.9, 0.5]}, or the path of a log"


def read_live_history(given: object) -> History:
    """The history that an object holds.

    Args:
        given: a ``History`` of Keras, its dictionary of lists, a list of losses, or one of rows.

    Raises:
        HistoryFileError: it holds no losses.
    """
    numbers = getattr(given, "history", given)
    if not isinstance(numbers, Mapping | Sequence):
        raise HistoryFileError(f"{NAME}: {type(given).__name__} was given; {EXPECTED}")
    params = getattr(given, "params", None)
    content = {"history": numbers, "params": params} if isinstance(params, Mapping) else numbers
    kind = "History of Keras" if numbers is not given else "history in memory"
    try:
        drafts = read_json(parse_json(json.dumps(content, default=_number)))
        return history_of(NAME, AssembledHistory(kind, drafts))
    except HistoryFileError as error:
        raise HistoryFileError(f"{NAME}: {error}") from error
    except (TypeError, ValueError) as error:
        raise HistoryFileError(f"{NAME}: holds something other than numbers ({error}); {EXPECTED}") from error


def _number(value: Any) -> Any:  # noqa: ANN401  of NumPy or a tensor of any backend
    """A number or an array that JSON does not know, as one that it does."""
    return value.tolist() if hasattr(value, "tolist") else float(value)
