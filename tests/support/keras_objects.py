"""Keras's small objects as a file holds them: initialisers, regularisers, constraints, losses, schedules, optimizers.

``initializers.Constant(0.1)`` is written as in Keras and gives what Keras writes into a configuration, but no Keras is
loaded. An object that is not listed here is made in Keras.
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

Config = dict[str, Any]
Options = tuple[tuple[str, Any], ...]
"""The arguments of a constructor in their order, with their defaults."""

_SEED: Options = (("seed", None),)
_SCALED: Options = (*_SEED, ("input_axes", None), ("output_axes", None))
INITIALIZERS: Mapping[str, Options] = {
    "Zeros": (),
    "Ones": (),
    "Constant": (("value", 0.0),),
    "RandomNormal": (("mean", 0.0), ("stddev", 0.05), *_SEED),
    "TruncatedNormal": (("mean", 0.0), ("stddev", 0.05), *_SEED),
    "RandomUniform": (("minval", -0.05), ("maxval", 0.05), *_SEED),
    "Orthogonal": (("gain", 1.0), *_SEED),
    "VarianceScaling": (("scale", 1.0), ("mode", "fan_in"), ("distribution", "truncated_normal"), *_SCALED),
    **{f"{author}{kind}": _SCALED for author in ("Glorot", "He", "Lecun") for kind in ("Normal", "Uniform")},
}
REGULARIZERS: Mapping[str, Options] = {
    "L1": (("l1", 0.01),),
    "L2": (("l2", 0.01),),
    "L1L2": (("l1", 0.0), ("l2", 0.0)),
}
CONSTRAINTS: Mapping[str, Options] = {
    "MaxNorm": (("max_value", 2), ("axis", 0)),
    "MinMaxNorm": (("min_value", 0.0), ("max_value", 1.0), ("rate", 1.0), ("axis", 0)),
    "NonNeg": (),
    "UnitNorm": (("axis", 0),),
}
SCHEDULES: Mapping[str, Options] = {
    "CosineDecay": (
        ("initial_learning_rate", None), ("decay_steps", None), ("alpha", 0.0), ("name", "CosineDecay"),
        ("warmup_target", None), ("warmup_steps", 0),
    ),
    "CosineDecayRestarts": (
        ("initial_learning_rate", None), ("first_decay_steps", None), ("t_mul", 2.0), ("m_mul", 1.0), ("alpha", 0.0),
        ("name", "SGDRDecay"),
    ),
    "ExponentialDecay": (
        ("initial_learning_rate", None), ("decay_steps", None), ("decay_rate", None), ("staircase", False),
        ("name", "ExponentialDecay"),
    ),
    "InverseTimeDecay": (
        ("initial_learning_rate", None), ("decay_steps", None), ("decay_rate", None), ("staircase", False),
        ("name", "InverseTimeDecay"),
    ),
    "PiecewiseConstantDecay": (("boundaries", None), ("values", None), ("name", "PiecewiseConstant")),
    "PolynomialDecay": (
        ("initial_learning_rate", None), ("decay_steps", None), ("end_learning_rate", 0.0001), ("power", 1.0),
        ("cycle", False), ("name", "PolynomialDecay"),
    ),
}  # fmt: skip
_REDUCED: Options = (("reduction", "sum_over_batch_size"), ("name", None))
_LOGITS: Options = (("from_logits", False), ("label_smoothing", 0.0), ("axis", -1), *_REDUCED)
LOSSES: Mapping[str, Options] = {
    "BinaryCrossentropy": _LOGITS,
    "BinaryFocalCrossentropy": (
        ("apply_class_balancing", False), ("alpha", 0.25), ("gamma", 2.0), *_LOGITS,
    ),
    "CategoricalCrossentropy": _LOGITS,
    "CategoricalFocalCrossentropy": (("alpha", 0.25), ("gamma", 2.0), *_LOGITS),
    "CosineSimilarity": (("axis", -1), *_REDUCED),
    "Huber": _REDUCED,  # Keras does not save its delta
    "SparseCategoricalCrossentropy": (("from_logits", False), ("ignore_class", None), *_REDUCED),
    **dict.fromkeys(
        ("CategoricalHinge", "Hinge", "KLDivergence", "LogCosh", "MeanAbsoluteError", "MeanAbsolutePercentageError",
         "MeanSquaredError", "MeanSquaredLogarithmicError", "Poisson", "SquaredHinge"),
        _REDUCED,
    ),
}  # fmt: skip


def serialized(module: str, kind: str, config: Mapping[str, Any]) -> Config:
    """An object of Keras's own as a file holds it."""
    return {"module": module, "class_name": kind, "config": dict(config), "registered_name": None}


class Namespace:
    """A module of Keras's whose constructors give what a file holds of the object."""

    def __init__(self, module: str, kinds: Mapping[str, Options]) -> None:
        self._module, self._kinds = module, kinds

    def __getattr__(self, kind: str) -> Callable[..., Config]:
        if kind not in self._kinds:
            raise AttributeError(f"{self._module}.{kind}: not among what the tests draw without Keras")
        options = self._kinds[kind]

        def make(*given: Any, **named: Any) -> Config:  # noqa: ANN401  as in Keras
            return serialized(self._module, kind, arguments(options, given, named))

        return make

    def get(self, spec: Any) -> Any:  # noqa: ANN401  JSON
        """The object that a name means, ``he_normal``; an object as it is."""
        if not isinstance(spec, str):
            return spec
        spec = {"normal": "RandomNormal", "uniform": "RandomUniform"}.get(spec, spec)  # Keras's short names
        flat = {kind.lower(): kind for kind in self._kinds}
        return getattr(self, flat[spec.replace("_", "").lower()])()


def arguments(options: Options, given: tuple[Any, ...], named: Mapping[str, Any]) -> Config:
    """All arguments of a call by name."""
    if unknown := named.keys() - {name for name, _ in options}:
        raise TypeError(f"unknown arguments: {', '.join(sorted(unknown))}")
    return dict(options) | dict(zip((name for name, _ in options), given, strict=False)) | dict(named)


initializers = Namespace("keras.initializers", INITIALIZERS)
regularizers = Namespace("keras.regularizers", REGULARIZERS)
constraints = Namespace("keras.constraints", CONSTRAINTS)
schedules = Namespace("keras.optimizers.schedules", SCHEDULES)
losses = Namespace("keras.losses", LOSSES)

_ADAM: Options = (("beta_1", 0.9), ("beta_2", 0.999), ("epsilon", 1e-7))
OPTIMIZERS: Mapping[str, Options] = {
    "SGD": (("learning_rate", 0.01), ("momentum", 0.0), ("nesterov", False)),
    "RMSprop": (
        ("learning_rate", 0.001), ("rho", 0.9), ("momentum", 0.0), ("epsilon", 1e-7), ("centered", False),
    ),
    "Adam": (("learning_rate", 0.001), *_ADAM, ("amsgrad", False)),
    "AdamW": (("learning_rate", 0.001), ("weight_decay", 0.004), *_ADAM, ("amsgrad", False)),
    "Nadam": (("learning_rate", 0.001), *_ADAM),
    "Adamax": (("learning_rate", 0.001), *_ADAM),
    "Lamb": (("learning_rate", 0.001), *_ADAM),
    "Adadelta": (("learning_rate", 0.001), ("rho", 0.95), ("epsilon", 1e-7)),
    "Adagrad": (("learning_rate", 0.001), ("initial_accumulator_value", 0.1), ("epsilon", 1e-7)),
    "Lion": (("learning_rate", 0.001), ("beta_1", 0.9), ("beta_2", 0.99)),
    "Ftrl": (
        ("learning_rate", 0.001), ("learning_rate_power", -0.5), ("initial_accumulator_value", 0.1),
        ("l1_regularization_strength", 0.0), ("l2_regularization_strength", 0.0),
        ("l2_shrinkage_regularization_strength", 0.0), ("beta", 0.0),
    ),
}  # fmt: skip
"""Each optimizer's own options; those in ``SHARED`` come after."""
SHARED: Options = (
    ("weight_decay", None), ("clipnorm", None), ("clipvalue", None), ("global_clipnorm", None), ("use_ema", False),
    ("ema_momentum", 0.99), ("ema_overwrite_frequency", None), ("loss_scale_factor", None),
    ("gradient_accumulation_steps", None),
)  # fmt: skip


def optimizer_options(kind: str, given: tuple[Any, ...], named: Mapping[str, Any]) -> Config:
    """The whole configuration of an optimizer; Keras keeps its rate in float32."""
    own = OPTIMIZERS[kind]
    shared = tuple(pair for pair in SHARED if pair[0] not in dict(own))
    options = arguments((*own, *shared, ("name", kind.lower())), given, named)
    if isinstance(options["learning_rate"], int | float):
        options["learning_rate"] = float(np.float32(options["learning_rate"]))
    return options
