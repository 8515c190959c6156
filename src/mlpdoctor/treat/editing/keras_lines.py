"""A layer's or an optimizer's configuration as the line of Keras that makes it, without what is left at its default."""

from collections.abc import Mapping
from typing import Any

from mlpdoctor.core.network import Config
from mlpdoctor.treat.editing.edits import Json

UNSAID = frozenset({"name", "trainable", "dtype", "batch_input_shape", "build_config", "quantization_config",
                    "seed", "noise_shape", "registered_name", "data_format"})  # fmt: skip
"""Options that are shown only where they change, or never."""
USUAL: Mapping[str, tuple[Any, ...]] = {
    "activation": ("linear", None),
    "use_bias": (True,),
    "kernel_initializer": ("GlorotUniform", "glorot_uniform"),
    "recurrent_initializer": ("Orthogonal", "OrthogonalInitializer"),
    "bias_initializer": ("Zeros", "zeros"),
    "gamma_initializer": ("Ones", "ones"),
    "beta_initializer": ("Zeros", "zeros"),
    "moving_mean_initializer": ("Zeros", "zeros"),
    "moving_variance_initializer": ("Ones", "ones"),
    "alpha_initializer": ("Zeros", "zeros"),
    "embeddings_initializer": ("RandomUniform", "uniform"),
    "axis": (-1, [-1]),
    "momentum": (0.99, 0.0),
    "epsilon": (0.001, 1e-07),
    "center": (True,),
    "scale": (True, 1.0),
    "offset": (0.0,),
    "invert": (False,),
    "synchronized": (False,),
    "beta_1": (0.9,),
    "beta_2": (0.999,),
    "rho": (0.9, 0.95),
    "amsgrad": (False,),
    "nesterov": (False,),
    "centered": (False,),
    "use_ema": (False,),
    "ema_momentum": (0.99,),
    "initial_accumulator_value": (0.1,),
    "sparse": (False,),
    "ragged": (False,),
    "optional": (False,),
    "loss_scale_factor": (None,),
    "from_logits": (False,),
    "label_smoothing": (0, 0.0),
    "reduction": ("sum_over_batch_size",),
}
"""Values that need no mention, by option."""
FIRST = {"Dense": "units", "Dropout": "rate", "GaussianNoise": "stddev", "GaussianDropout": "rate",
         "AlphaDropout": "rate", "Activation": "activation", "Rescaling": "scale"}  # fmt: skip
"""The option that is written first, without its name."""
DIGITS = 6


def layer_line(item: Config, *, named: bool) -> str:
    """A listed layer as a line of code.

    Args:
        item: with ``class_name`` and ``config``.
        named: whether its name is worth showing.
    """
    kind, config = str(item["class_name"]).rpartition(">")[2], item["config"]
    return call(kind, config, extra={"name": config.get("name") or item.get("name")} if named else {})


def call(kind: str, config: Config, extra: Mapping[str, Json] | None = None) -> str:
    """A call of a Keras class with the options that are not at their defaults."""
    first = FIRST.get(kind)
    parts = [] if first is None or first not in config else [value(config[first])]
    shown = {key: given for key, given in config.items() if key != first and _said(key, given)}
    if config.get("trainable") is False:
        shown["trainable"] = False
    parts += [f"{key}={value(given)}" for key, given in {**shown, **(extra or {})}.items()]
    return f"{kind}({', '.join(parts)})"


def _said(key: str, given: Json) -> bool:
    if given is None or key in UNSAID:
        return False
    if isinstance(given, dict):
        usual = given.get("class_name") in USUAL.get(key, ())
        options = given.get("config")
        return not (usual and (not isinstance(options, dict) or not any(_odd(k, v) for k, v in options.items())))
    return given not in USUAL.get(key, ()) if not isinstance(given, list) else True


def _odd(key: str, given: Json) -> bool:
    """Whether an option of an initializer is not its default."""
    return given is not None and key != "seed" and (key, given) not in {("minval", -0.05), ("maxval", 0.05)}


def value(given: Json) -> str:
    """A value as code."""
    if isinstance(given, dict) and "class_name" in given:
        options = given.get("config")
        if isinstance(options, str):
            return options
        shown = {k: v for k, v in (options or {}).items() if v is not None and k not in {"seed", "name"}}
        kind = str(given["class_name"]).rpartition(">")[2]
        return f"{kind}({', '.join(f'{key}={value(one)}' for key, one in shown.items())})"
    if isinstance(given, bool) or given is None:
        return str(given)
    if isinstance(given, float):
        return number(given)
    if isinstance(given, str):
        return f'"{given}"'
    if isinstance(given, list | tuple):
        return f"[{', '.join(value(one) for one in given)}]"
    return str(given)


def number(given: float) -> str:
    """A number as somebody would write it: float32 noise in the last digits is left out."""
    return f"{given:.{DIGITS}g}"
