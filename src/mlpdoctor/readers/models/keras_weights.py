"""Puts the arrays of a file into the layers they belong to, and refuses those that do not fit."""

from collections.abc import Sequence
from typing import Any, cast

from mlpdoctor.core.errors import ModelFileError
from mlpdoctor.core.network import Layer, Shape, Stored
from mlpdoctor.nn.layers.family import Variable
from mlpdoctor.nn.layers.registry import family_of
from mlpdoctor.readers.models.keras_graph import Graph


class Expected:
    """The variables that each layer of a network owns by its configuration."""

    def __init__(self, graph: Graph) -> None:
        """Args: graph: the unfolded model, which knows what shapes each layer is fed."""
        self._fed = graph.fed

    def of(self, layer: Layer, stored: Sequence[Stored] = ()) -> tuple[Variable, ...] | None:
        """A layer's variables in Keras's order; None for a layer of an unknown kind.

        Args:
            layer: the layer.
            stored: the file's arrays for it; behind an unknown layer the first one tells the width.
        """
        family = family_of(layer)
        if family is None:
            return None
        shapes: list[Shape] = []
        for shape in self._fed.get(id(layer), []):
            if shape is None and not (stored and stored[0].ndim):
                return None
            shapes.append(shape if shape is not None else (stored[0].shape[0],))
        try:
            return family.variables(layer.config, shapes)
        except (ValueError, IndexError, TypeError, KeyError) as error:
            raise ModelFileError(
                f"layer '{layer.name}' ({layer.kind}) has a configuration that makes no weights: {error}; "
                "give its model an Input shape and save it again"
            ) from error


def fill(layer: Layer, variables: Sequence[Variable], stored: Sequence[Stored]) -> None:
    """Gives a freshly read layer its weights, by the order of its variables.

    Raises:
        ModelFileError: where number or shapes of the arrays differ from what the configuration asks for.
    """
    if len(stored) != len(variables):
        never = "; it was saved before it was built, so call it on data first" if not stored else ""
        raise ModelFileError(
            f"layer '{layer.name}' ({layer.kind}) should have {_count(len(variables))} "
            f"({', '.join(f'{variable.name} {variable.shape}' for variable in variables)}), "
            f"but the file holds {_count(len(stored))}{never or '; re-save the model with model.save'}"
        )
    for variable, values in zip(variables, stored, strict=True):
        if values.shape != variable.shape:
            raise ModelFileError(
                f"layer '{layer.name}' ({layer.kind}) should have {variable.name} of the shape "
                f"{variable.shape}, but the file holds {values.shape}; re-save the model with model.save"
            )
    _put(layer, {variable.name: values for variable, values in zip(variables, stored, strict=True)})


def keep(layer: Layer, stored: Sequence[Stored]) -> None:
    """Gives a layer of an unknown kind its arrays under their numbers, so that rules on weights alone see them."""
    _put(layer, {str(number): values for number, values in enumerate(stored)})


def _put(layer: Layer, found: dict[str, Stored]) -> None:
    # The dictionary was made empty by the reader and is nobody else's yet.
    cast("dict[str, Any]", layer.weights).update(found)


def _count(number: int) -> str:
    return f"{number or 'no'} weight{'' if number == 1 else 's'}"
