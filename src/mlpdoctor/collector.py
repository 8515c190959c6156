"""Folds what is shown of the data and the network into the statistics that ask for it."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import field
from functools import cache, cached_property
from inspect import signature
from typing import Any, Self, TypeAlias

from mlpdoctor.lean import dataclass
from mlpdoctor.statistics.statistic import Statistic

Statistics: TypeAlias = Mapping[tuple[type[Any], str | None], Any]
"""The merged statistics, by type and by layer name (None for those of the data or of the whole network)."""


def view_of(statistic: type[Statistic]) -> type[Any]:
    """The view that a statistic reads, from the annotation of ``of``."""
    return _argument(statistic.of)


@cache
def _argument(of: Callable[..., Any]) -> type[Any]:
    parameter = next(iter(signature(of, eval_str=True).parameters.values()))
    view: type[Any] = parameter.annotation
    return view


@dataclass(eq=False)
class Collector:
    """Folds views into statistics."""

    statistics: Iterable[type[Any]]
    merged: dict[tuple[type[Any], str | None], Any] = field(default_factory=dict)

    @cached_property
    def readers(self) -> Mapping[type[Any], tuple[type[Any], ...]]:
        """The statistics that read each view."""
        by_view: dict[type[Any], tuple[type[Any], ...]] = {}
        for statistic in self.statistics:
            view = view_of(statistic)
            by_view[view] = (*by_view.get(view, ()), statistic)
        return by_view

    def wants(self, *kinds: type[Any]) -> bool:
        """Whether anything reads one of these views and is not full yet."""
        return any(
            not getattr(self.merged.get((statistic, None)), "full", False)
            for kind in kinds
            for statistic in self.readers.get(kind, ())
        )

    def show(self, view: Any, layer: str | None = None) -> None:  # noqa: ANN401  any of the views
        """Summarise a view in every statistic that reads its kind."""
        for statistic in self.readers.get(type(view), ()):
            seen = statistic.of(view)
            if seen is not None:
                self._add((statistic, layer), seen)

    def part(self) -> Self:
        """An empty collector for one block, of all statistics that are not full yet; its result is merged later."""
        full = {kind for (kind, layer), seen in self.merged.items() if layer is None and getattr(seen, "full", False)}
        return type(self)([statistic for statistic in self.statistics if statistic not in full])

    def merge(self, part: Self) -> None:
        """Add what a part has collected."""
        for key, seen in part.merged.items():
            self._add(key, seen)

    def _add(self, key: tuple[type[Any], str | None], seen: Any) -> None:  # noqa: ANN401
        self.merged[key] = self.merged[key] + seen if key in self.merged else seen
