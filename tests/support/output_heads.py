"""Outputs by hand, for the contract's table."""

from collections.abc import Mapping
from typing import Any

from mlpdoctor.core.network import Layer, LossConfig
from mlpdoctor.nn.losses.registry import build
from mlpdoctor.nn.output_head import LabelEncoding, OutputHead


def output_head(
    config: LossConfig, activation: str | Mapping[str, Any], units: int, *, behind: bool = False
) -> OutputHead:
    """A Dense layer of so many units with an activation as its configuration names it, judged by a loss."""
    layer = Layer("out", "Dense", {"units": units, "activation": activation})
    return OutputHead(
        name="out",
        output=0,
        node=1,
        layer=layer,
        activation=None,
        config=config,
        known_loss=build(config),
        known_units=units,
        behind=behind,
        encoding=LabelEncoding.USUAL,
        weight=1.0,
        first_unit=0,
        first_column=0,
        given=slice(0, units),
    )
