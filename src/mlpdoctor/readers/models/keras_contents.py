"""What every format of model file has to tell: JSON objects, and arrays put into the layers they belong to."""

import json
import re
from collections.abc import Sequence
from typing import Any, Protocol, cast

from mlpdoctor.core.errors import ModelFileError
from mlpdoctor.core.network import Layer, Shape, Stored
from mlpdoctor.core.report_model import legible_parts
from mlpdoctor.nn.layers.family import Variable
from mlpdoctor.nn.layers.properties import family_of
from mlpdoctor.readers.models.keras_calls import Blueprint
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


CONFIG_LIMIT = 1 << 24
"""Bytes of JSON; the configuration of a thousand layers takes one MiB. In memory it may take thirty times as many."""
NESTED_LIMIT = 1 << 18
"""Objects and lists in it; a layer takes about twenty."""


def json_object(content: str | bytes, name: str) -> dict[str, Any]:
    """A JSON object, with every text in it legible: what is in a name can steer nothing from here on.

    Args:
        content: UTF-8 text.
        name: what it is called in the file, for the message.

    Raises:
        ModelFileError: where it is none, or too large.
    """
    if len(content) > CONFIG_LIMIT:
        raise ModelFileError(
            f"{name} has {len(content):,} bytes where {CONFIG_LIMIT:,} may be read; do not trust this file"
        )
    if isinstance(content, str):
        nested = content.count("{") + content.count("[")
    else:
        nested = content.count(b"{") + content.count(b"[")
    if nested > NESTED_LIMIT:
        raise ModelFileError(
            f"{name} holds {nested:,} objects and lists where {NESTED_LIMIT:,} may be read; do not trust this file"
        )
    try:
        found = legible_parts(json.loads(content))
    except RecursionError:
        raise ModelFileError(f"{name} is nested deeper than any model is; do not trust this file") from None
    except ValueError as error:
        raise ModelFileError(f"{name} is no valid JSON ({error}); re-save the model") from error
    if not isinstance(found, dict):
        raise ModelFileError(f"{name} should be a JSON object, but is a {type(found).__name__}; re-save the model")
    return found


def major_version(version: str | None, default: int) -> int:
    """The leading number of a version, ``2.15.0``; the default where the file states none."""
    leading = re.match(r"\d+", version or "")
    return int(leading.group()) if leading else default


class Source(Protocol):
    """An opened model file.

    Attributes:
        config: the serialized model.
        keras_version: as the file states it, or None.
        keras: its major version.
    """

    config: dict[str, object]
    keras_version: str | None
    keras: int

    @property
    def compiled(self) -> dict[str, object] | None:
        """What ``compile`` was called with: loss, loss_weights, optimizer."""

    def fill(self, model: Blueprint, expected: Expected) -> None:
        """Gives every layer of the model its weights."""

    def first_width(self, model: Blueprint) -> int | None:
        """Features that the first Dense kernel of a Sequential model takes."""

    def optimizer(self) -> list[tuple[str, Stored]]:
        """The optimizer's variables in order, with their names or numbers."""

    def close(self) -> None:
        """Closes the file."""
