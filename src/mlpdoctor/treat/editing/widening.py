"""More units for a layer: its own weights grow, and so do those of the layers that take its units."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

import numpy as np

from mlpdoctor.core.network import Stored
from mlpdoctor.nn.layers.family import number
from mlpdoctor.treat.editing.editable_spec import EditableSpec, Place, drawn, members, own_name, units_of
from mlpdoctor.treat.editing.edits import EditError, Resize, Widen
from mlpdoctor.treat.editing.graph_edits import Source, calls, final, output_names, source_of, tensors, wiring

UNIT_BY_UNIT = frozenset(
    {
        "Activation", "ActivityRegularization", "AlphaDropout", "BatchNormalization", "Dropout", "ELU",
        "GaussianDropout", "GaussianNoise", "Identity", "LeakyReLU", "PReLU", "ReLU",
    }
)  # fmt: skip
"""Layers that do to each unit the same whatever the others are. LayerNormalization and Softmax look at all of them."""
MIXES_UNITS = frozenset({"softmax", "log_softmax", "sparsemax"})
"""Activations that look at all units."""
NEUTRAL: Mapping[str, float] = {"gamma": 1.0, "moving_variance": 1.0}
"""What a new unit gets in a layer of one weight a unit; all else is 0."""
ONE_A_UNIT: Mapping[str, tuple[str, ...]] = {
    "BatchNormalization": ("gamma", "beta", "moving_mean", "moving_variance"),
    "PReLU": ("alpha",),
}


class Gap(NamedTuple):
    """Where new units come in: before that entry of the old last axis, so many."""

    at: int
    units: int


def widen(editable: EditableSpec, edit: Widen, seed: int) -> None:
    """Give a Dense layer more units that nothing listens to yet."""
    place = editable.find(edit.layer)
    old = units_of(place)
    if place.kind != "Dense":
        raise EditError(f"layer '{edit.layer}' is a {place.kind}; only Dense layers are made wider")
    if edit.units <= old:
        raise EditError(f"layer '{edit.layer}' has {old} units already")
    if place.config.get("activation") in MIXES_UNITS:
        raise EditError(f"the {place.config['activation']} of '{edit.layer}' looks at all units at once")
    spread = _Spread(place, Gap(old, edit.units - old))
    for growth in list(spread.growths()):
        arrays = editable.weights.get(growth.path, {})
        if growth.weight in arrays:
            arrays[growth.weight] = _opened(arrays[growth.weight], growth)
    spread.tell()
    arrays = editable.weights.get(place.path, {})
    for name, values in arrays.items():
        shape = (*values.shape[:-1], edit.units)
        spec = place.config.get(f"{name}_initializer")
        fresh = drawn(place, name, shape, spec, (seed, edit.seed)).astype(values.dtype)
        arrays[name] = np.concatenate([values, fresh[..., old:]], axis=-1)
    place.config["units"] = edit.units


def resize(editable: EditableSpec, edit: Resize, seed: int) -> None:
    """Give an output another number of units, all re-initialised."""
    place = editable.find(edit.layer)
    if place.kind != "Dense" or place.name not in output_names(place.model):
        raise EditError(f"layer '{edit.layer}' is no Dense layer at an output")
    if place.prefix:
        raise EditError(f"layer '{edit.layer}' stands inside another model")
    arrays = editable.weights.get(place.path, {})
    for name, values in arrays.items():
        shape = (*values.shape[:-1], edit.units)
        spec = place.config.get(f"{name}_initializer")
        arrays[name] = drawn(place, name, shape, spec, (seed, edit.seed)).astype(values.dtype)
    place.config["units"] = edit.units


class Growth(NamedTuple):
    """One weight that grows: where new entries come in, along which axis, and what they are."""

    path: str
    weight: str
    gaps: tuple[Gap, ...]
    axis: int
    value: float


class _Spread:
    """How far a layer's new units are seen: through layers that do to each unit the same, up to Dense layers."""

    def __init__(self, place: Place, gap: Gap) -> None:
        self.place, self.gap = place, gap
        self.wiring = wiring(place.model)
        self.items = {own_name(item): Place(place.model, item, place.prefix) for item in members(place.model)}
        self._known: dict[Source, tuple[Gap, ...]] = {}

    def growths(self) -> Iterator[Growth]:
        """The weights of other layers that grow; every place that the new units reach is looked at."""
        for end in final(self.place.model):
            if self.of(end):
                raise EditError(f"'{self.place.path}' reaches the output '{end.layer}', whose width is the targets'")
        for name, here in self.items.items():
            entering = {self.entering(source) for source in self.wiring if source.layer == name}
            if not any(entering):
                continue
            if len(entering) > 1:
                raise EditError(f"layer '{here.path}' is also called on what does not grow with '{self.place.path}'")
            if name == self.place.name:
                raise EditError(f"layer '{here.path}' is called on its own units")
            here.item.pop("build_config", None)
            yield from _grown(here, entering.pop())

    def tell(self) -> None:
        """Let the tensors in the calls tell their new widths."""
        for item in members(self.place.model):
            for one in tensors(calls(item)):
                gaps = () if one["keras_history"][2] else self.of(source_of(one))
                if gaps and one.get("shape"):
                    one["shape"] = [*one["shape"][:-1], one["shape"][-1] + sum(gap.units for gap in gaps)]

    def of(self, source: Source) -> tuple[Gap, ...]:
        """Where new units come in among what a call gives."""
        if source.layer == self.place.name:
            return (self.gap,)
        if source not in self._known:
            here, gaps = self.items[source.layer], self.entering(source)
            self._known[source] = () if here.kind == "Dense" or not gaps else _through(here, gaps)
        return self._known[source]

    def entering(self, source: Source) -> tuple[Gap, ...]:
        """Where new units come in among all that a call takes."""
        taken = self.wiring.get(source, [])
        if len(taken) == 1:
            return self.of(taken[0].source)
        found = [self.of(one.source) for one in taken]
        if not any(found):
            return ()
        here = self.items[source.layer]
        if here.kind != "Concatenate" or here.config.get("axis", -1) not in (-1, 1):
            raise EditError(f"layer '{here.path}' joins several tensors that must stay of one width")
        widths = [one.width for one in taken]
        if None in widths:
            raise EditError(f"the width of what enters '{here.path}' is not told")
        starts = np.cumsum([0, *(width or 0 for width in widths)]).tolist()
        return tuple(Gap(start + gap.at, gap.units) for start, gaps in zip(starts, found, strict=False) for gap in gaps)


def _through(here: Place, gaps: tuple[Gap, ...]) -> tuple[Gap, ...]:
    """The gaps behind a layer that does to each unit the same."""
    function = here.config.get("activation")
    if here.kind == "Concatenate":
        return gaps
    if here.kind not in UNIT_BY_UNIT or function in MIXES_UNITS or not isinstance(function, str | None):
        raise EditError(f"layer '{here.path}' ({here.kind}) looks at all units at once")
    if here.kind == "BatchNormalization" and number(here.config.get("axis"), -1) not in (-1, 1):
        raise EditError(f"layer '{here.path}' normalises another axis than the units")
    return gaps


def _grown(here: Place, gaps: tuple[Gap, ...]) -> Iterator[Growth]:
    """The weights of one layer that new units enter."""
    if here.kind == "Dense":
        yield Growth(here.path, "kernel", gaps, 0, 0.0)
    for name in ONE_A_UNIT.get(here.kind, ()):
        yield Growth(here.path, name, gaps, -1, NEUTRAL.get(name, 0.0))


def _opened(values: Stored, growth: Growth) -> Stored:
    """An array with new entries along an axis."""
    where = [gap.at for gap in growth.gaps for _ in range(gap.units)]
    return np.insert(values, where, values.dtype.type(growth.value), axis=growth.axis)
