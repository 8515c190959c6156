"""The JSON objects of model files, and what every format of model file has to tell."""

import json
import re
from typing import Any, Protocol

from mlpdoctor.core.errors import ModelFileError
from mlpdoctor.core.legible_parts import legible_parts
from mlpdoctor.core.network import Stored
from mlpdoctor.readers.models.keras_calls import Blueprint
from mlpdoctor.readers.models.keras_weights import Expected

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
