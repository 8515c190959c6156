"""Reports and other plain data with every text in them changed: made legible, or fit for a screen's encoding."""

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from mlpdoctor.core.finding import Remedy
from mlpdoctor.core.legible import legible

Part = TypeVar("Part")


def legible_parts(value: Part) -> Part:
    """The same report, configuration or other data with every text in it legible; code keeps its lines."""
    return changed_parts(value, legible)


def changed_parts(value: Part, change: Callable[[str], str]) -> Part:
    """The same data with every text in it changed, names of mappings too; of code each line by itself."""
    made: Part = _changed(value, change)
    return made


def _changed(value: Any, change: Callable[[str], str]) -> Any:  # noqa: ANN401  whatever a report may hold
    if type(value) is str:
        return change(value)
    if isinstance(value, Remedy):
        code = None if value.code is None else "\n".join(change(line) for line in value.code.split("\n"))
        return Remedy(change(value.text), code)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        own = {one.name: _changed(getattr(value, one.name), change) for one in dataclasses.fields(value)}
        return dataclasses.replace(value, **own)
    if isinstance(value, list):
        return [_changed(item, change) for item in value]
    if isinstance(value, tuple):
        return tuple(_changed(item, change) for item in value)
    if isinstance(value, Mapping):
        return {_changed(name, change): _changed(item, change) for name, item in value.items()}
    return value
