"""A saved Keras model as plain data, whole: its configuration, its weights and what it was compiled with."""

from collections.abc import Mapping
from dataclasses import field
from typing import Any, TypeAlias

from mlpdoctor.lean import dataclass
from mlpdoctor.network import Config, Stored

Json: TypeAlias = Any
"""Numbers, words, lists and dictionaries, as JSON holds them."""
Weights: TypeAlias = Mapping[str, Mapping[str, Stored]]
"""Arrays by path of the layer and Keras name of the weight: ``weights["body/dense"]["kernel"]``."""


@dataclass(frozen=True, eq=False)
class ModelSpec:
    """All that ``keras.Model.from_config``, ``set_weights`` and ``compile_from_config`` need.

    Attributes:
        kind: class of the model, ``Sequential`` or ``Functional``.
        config: ``model.get_config()`` of Keras 3. Models inside it are layers with a ``layers`` list of their own.
        weights: arrays of every layer that has any (``layer.weights``, so no states of random generators), by the
            layer's path, ``body/dense`` inside a nested model, and the name of the weight (``variable.name``).
        compiled: ``model.get_compile_config()``, or the part of it that is known; empty for one never compiled.
    """

    kind: str
    config: Config
    weights: Weights = field(default_factory=dict)
    compiled: Config = field(default_factory=dict)
