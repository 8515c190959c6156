"""Which loss a configuration means, and why some have no ladder."""

import dataclasses
import math
from collections.abc import Mapping
from functools import cache

from mlpdoctor.core.discovery import subclasses
from mlpdoctor.core.errors import UsageError
from mlpdoctor.core.network import KERAS_3, LossConfig, Network
from mlpdoctor.nn.losses.loss import Loss
from mlpdoctor.nn.saved_options import fault

_NO_MEAN = "it is no mean over rows: Keras adds up overlaps over the whole batch before it divides them"
_NO_LOSS = "it is what Keras's losses are made from, not a loss"

REASONS: Mapping[str, str] = {
    "dice": _NO_MEAN,
    "tversky": _NO_MEAN,
    "circle": "it compares the rows of a batch with one another, so that a row by itself has no loss",
    "ctc": "it sums over all alignments of a sequence, so that a row is more than one answer",
    "categoricalgeneralizedcrossentropy": "it is not convex in the logits, and its best constant is not known here",
    "loss": _NO_LOSS,
    "lossfunctionwrapper": _NO_LOSS,
}
"""By name, lower case and without underscores as in ``Loss.names``: why, for the user."""


def kind_of(name: str) -> type[Loss] | None:
    """The loss that Keras means by a name, whether ``mse``, ``mean_squared_error`` or ``MeanSquaredError``."""
    wanted = _plain(name)
    return next((loss for loss in known() if wanted in loss.names), None)


def named(text: str) -> LossConfig:
    """The loss that ``--loss`` names, with its options: ``mse``, ``huber:delta=0.1``.

    Raises:
        UsageError: when there is no ladder for such a loss, or it has no such option.
    """
    name, _, rest = text.partition(":")
    kind = kind_of(name)
    if kind is None:
        have = ", ".join(sorted(loss.names[0] for loss in known()))
        raise UsageError(f"--loss {text}: there is no ladder for it: {why_not(name)}; these have one: {have}")
    options = {}
    for part in rest.split(",") if rest else ():
        key, given, value = part.partition("=")
        if not given or key not in kind.options():
            have = ", ".join(f"{name}:{option}={_shown(usual)}" for option, usual in kind.options().items())
            raise UsageError(f"--loss {text}: {part!r} is no option of {kind.label}; it has {have or 'none'}")
        options[key] = _value(text, key, value, switch=isinstance(kind.options()[key], bool))
    wrong = fault(options) or kind.of(options).obstacle()
    if wrong is not None:
        raise UsageError(f"--loss {text}: {wrong}")
    return LossConfig(name, options)


def _value(text: str, key: str, value: str, *, switch: bool) -> bool | int | float:
    plain = {"true": True, "false": False}.get(value.lower())
    try:
        found = plain if switch else int(value) if value.lstrip("+-").isdigit() else float(value)
    except ValueError:
        found = None
    if found is None or not math.isfinite(found):
        raise UsageError(f"--loss {text}: {key} takes {'true or false' if switch else 'a number'}, not {value!r}")
    return found


def _shown(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else f"{value:g}" if isinstance(value, float) else str(value)


def build(config: LossConfig, keras: int = KERAS_3) -> Loss | None:
    """The loss of a file with its options; None when there is no ladder for any loss of this name."""
    kind = kind_of(config.name)
    return None if kind is None else kind.of(config.options, keras)


@cache
def known() -> tuple[type[Loss], ...]:
    """All losses that are known."""
    from mlpdoctor.nn import losses

    return subclasses(losses, Loss)  # type: ignore[type-abstract]


def why_not(name: str) -> str:
    """Why there is no ladder for a loss of this name, for the user."""
    return REASONS.get(_plain(name) or "", "it is not one of Keras's own losses")


def _plain(name: str) -> str | None:
    """The name as ``Loss.names`` spells it; None for one that somebody registered under a package of theirs."""
    return None if ">" in name else name.replace("_", "").lower()


def target_counts(network: Network) -> tuple[int, ...]:
    """How many target columns would fit, the likeliest first.

    One for each number the model predicts, where its loss compares them one by one; one label for each output, where
    the loss takes class numbers. Either will do where the loss is unknown or there is a single output: a file may hold
    class numbers although the loss takes them one-hot, and the other way round.
    """
    if None in network.output_widths:
        return ()
    full, labels = sum(width or 0 for width in network.output_widths), len(network.outputs)
    losses = [None if config is None else build(config) for config in network.losses]
    columns = [loss.columns(width or 0) for loss, width in zip(losses, network.output_widths, strict=True) if loss]
    if len(columns) == len(losses):
        usual = sum(columns)
        autoencoder = usual == full == network.input_width
        other = (full if usual == labels else labels,) if labels == 1 and not autoencoder else ()
        return tuple(dict.fromkeys((usual, *other)))
    return tuple(dict.fromkeys((full, labels)))


def with_loss(network: Network, name: str | None) -> Network:
    """The network with another loss on every output.

    Raises:
        UsageError: when no such loss is known, or it has no such option.
    """
    if name is None:
        return network
    return dataclasses.replace(network, losses=(named(name),) * len(network.outputs))
