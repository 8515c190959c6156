"""Small patients, one a rule, made by hand rather than trained wherever that will do."""

from collections.abc import Callable, Mapping
from typing import Any

import keras
import numpy as np
from model_cases import L, Model, Table, compiled, put, stack, train

BrokenModel = tuple[Model, Table, Table]
R = keras.regularizers


def curved(rows: int = 300, features: int = 2) -> tuple[Table, Table]:
    """Standard normal features and a smooth target."""
    x = np.random.default_rng(0).normal(size=(rows, features))
    return x, np.tanh(x[:, :1] * 1.5) + 0.5 * x[:, -1:] ** 2


def two_classes() -> tuple[Table, Table]:
    """The same, cut in two."""
    x, y = curved()
    return x, (y > np.median(y)).astype(float)


def classes(count: int = 3) -> tuple[Table, Table]:
    """The same, cut in so many."""
    x, y = curved()
    return x, np.digitize(y, np.quantile(y, np.arange(1, count) / count)).astype(float)


def net(*layers: Model, features: int = 2) -> Model:
    """A chain, its weights drawn from one seed."""
    keras.utils.set_random_seed(7)
    return stack(features, *layers)


def plain(loss: Model = "mse", units: int = 1, end: str | None = None, **options: Any) -> Model:  # noqa: ANN401
    """One hidden layer, as if trained."""
    return compiled(net(L.Dense(16, "relu", name="hidden"), L.Dense(units, end, name="out")), loss, **options)


def moved(model: Model) -> Model:
    """The model with biases off their start, so that its weights do not look fresh."""
    for layer in model.layers:
        for variable in layer.weights:
            if variable.name in ("bias", "beta"):
                variable.assign(variable + 0.01)
    return model


def sgd(rate: float, **options: float) -> Model:
    """Plain gradient descent."""
    return keras.optimizers.SGD(rate, **options)


def chain(*layers: Model, features: int = 2, **options: Any) -> Model:  # noqa: ANN401
    """Hidden layers and one output, as if trained."""
    return moved(compiled(net(*layers, L.Dense(1, name="out"), features=features), **options))


def missing_nonlinearity() -> BrokenModel:
    return chain(L.Dense(8, name="hidden")), *curved()


def rank_bottleneck() -> BrokenModel:
    x, _ = curved(300, 4)
    y = x @ np.random.default_rng(1).normal(size=(4, 5))
    layers = L.Dense(16, "relu", name="wide"), L.Dense(2, name="neck"), L.Dense(5, name="out")
    return moved(compiled(net(*layers, features=4))), x, y


def frozen_layers() -> BrokenModel:
    model = net(L.Dense(16, "relu", name="hidden"), L.Dense(1, name="out"))
    model.get_layer("hidden").trainable = False
    put(model.get_layer("hidden"), np.full((2, 16), 0.01), np.zeros(16))
    return moved(compiled(model)), *curved()


def heavy_dropout() -> BrokenModel:
    return chain(L.Dense(16, "relu", name="hidden"), L.Dropout(0.9, name="drop")), *curved()


def hidden_softmax() -> BrokenModel:
    return chain(L.Dense(16, "softmax", name="hidden")), *curved()


def deep_saturating_stack() -> BrokenModel:
    return chain(*[L.Dense(8, "sigmoid", name=f"s{k}") for k in range(7)]), *curved()


def unscaled_inputs() -> BrokenModel:
    x, y = curved()
    return moved(plain()), x * [1e4, 1.0], y


def unscaled_targets() -> BrokenModel:
    x, y = curved()
    return moved(plain()), x, 1e5 * y + 3e5


def preprocessing_mismatch() -> BrokenModel:
    x, _ = curved(400, 4)
    x = (x - x.mean(axis=0)) / x.std(axis=0)
    weights = np.array([[1.0], [-2.0], [0.5], [1.5]])
    model = compiled(net(L.Dense(4, "tanh", name="hidden"), L.Dense(1, name="out"), features=4))
    put(model.get_layer("hidden"), np.eye(4) * 0.3, np.full(4, 0.01))
    put(model.get_layer("out"), weights, [0.1])
    return model, x * [50, 3, 1000, 0.1] + [200, 10, -3000, 1], np.tanh(0.3 * x + 0.01) @ weights + 0.1


def high_frequency_target() -> BrokenModel:
    x = np.linspace(-1, 1, 600)[:, None]
    return chain(L.Dense(32, "tanh", name="hidden"), features=1), x, np.sin(40 * x)


def exploding_gradient() -> BrokenModel:
    model = chain(*[L.Dense(16, "relu", name=f"h{k}") for k in range(6)])
    for layer in model.layers[:-1]:
        kernel, bias = layer.get_weights()
        put(layer, 8 * kernel, bias)
    return model, *curved()


def learning_rate_too_high() -> BrokenModel:
    return moved(plain(optimizer=sgd(3.0))), *curved()


def learning_rate_too_low() -> BrokenModel:
    return moved(plain(optimizer=keras.optimizers.Adam(1e-5))), *curved()


def ill_conditioned() -> BrokenModel:
    z, _ = curved()
    x = np.column_stack([z[:, 0], z[:, 0] + 0.01 * z[:, 1]])
    return chain(optimizer=sgd(0.01)), x, z[:, 1:]


def clipped_gradient() -> BrokenModel:
    return moved(plain(optimizer=sgd(0.01, clipnorm=1e-5))), *curved()


def too_few_units() -> BrokenModel:
    x = np.linspace(-3, 3, 400)[:, None]
    model = net(L.Dense(2, "relu", name="hidden"), L.Dense(1, name="out"), features=1)
    put(model.get_layer("hidden"), [[1.0, -1.0]], [0.5, 0.5])
    return moved(compiled(model)), x, np.sin(4 * x)


def readout_gap() -> BrokenModel:
    x, y = curved()
    model = plain(optimizer=keras.optimizers.Adam(0.01))
    train(model, x, y, 60)
    put(model.get_layer("out"), 0.1 * np.ones((16, 1)), [0.3])
    return compiled(model), x, y


def softmax_single_unit() -> BrokenModel:
    return plain("binary_crossentropy", 1, "softmax"), *two_classes()


def loss_activation_mismatch() -> BrokenModel:
    return plain("categorical_crossentropy", 1, "sigmoid"), *two_classes()


def from_logits_mismatch() -> BrokenModel:
    return plain(keras.losses.SparseCategoricalCrossentropy(from_logits=False), 3), *classes()


def output_range() -> BrokenModel:
    x, y = curved()
    return moved(plain("mse", 1, "sigmoid")), x, 5 * y


def label_encoding() -> BrokenModel:
    x, y = classes()
    return plain("sparse_categorical_crossentropy", 3, "softmax"), x, y + 1


def units_vs_classes() -> BrokenModel:
    return plain("sparse_categorical_crossentropy", 2, "softmax"), *classes()


def loss_target_mismatch() -> BrokenModel:
    return plain("mse", 1), *classes()


def output_bias_start() -> BrokenModel:
    x, y = curved()
    return compiled(net(L.Dense(16, "relu", name="hidden"), L.Dense(1, name="out")), updates=0), x, y + 8


def dead(units: int = 13) -> Model:
    """A model with dead units."""
    model = plain()
    kernel, bias = model.get_layer("hidden").get_weights()
    bias = bias + 0.01
    bias[:units] = -50
    put(model.get_layer("hidden"), kernel, bias)
    return model


def dead_relu() -> BrokenModel:
    return dead(), *curved()


def units_without_gradient() -> BrokenModel:
    model = dead()
    for slot in model.optimizer.variables:
        if "hidden" in slot.path and ("velocity" in slot.path or "momentum" in slot.path):
            values = np.array(slot)
            values[..., :13] = 0
            slot.assign(values)
    return model, *curved()


def saturated_units() -> BrokenModel:
    model = chain(L.Dense(16, "tanh", name="hidden"))
    kernel, bias = model.get_layer("hidden").get_weights()
    put(model.get_layer("hidden"), 200 * kernel, bias)
    return model, *curved()


def constant_output() -> BrokenModel:
    model = moved(plain())
    put(model.get_layer("out"), np.zeros((16, 1)), [0.3])
    return model, *curved()


def collapsed_representation() -> BrokenModel:
    model = chain(L.Dense(16, "tanh", name="hidden"), L.Dense(16, "tanh", name="deep"), features=4)
    kernel, bias = model.get_layer("deep").get_weights()
    put(model.get_layer("deep"), np.outer(np.ones(16), kernel[0]), bias)
    return model, *curved(300, 4)


def non_finite_weights() -> BrokenModel:
    model = moved(plain())
    put(model.get_layer("out"), np.full((16, 1), np.nan), [0.3])
    return model, *curved()


def symmetric_units() -> BrokenModel:
    model = plain()
    put(model.get_layer("hidden"), np.full((2, 16), 0.3), np.full(16, 0.1))
    put(model.get_layer("out"), np.full((16, 1), 0.1), [0.1])
    return model, *curved()


def init_scale() -> BrokenModel:
    large = keras.initializers.RandomNormal(stddev=30.0)
    hidden = L.Dense(32, "tanh", name="hidden", kernel_initializer=large)
    return compiled(net(hidden, L.Dense(1, name="out")), updates=0), *curved()


def learning_rate_collapsed() -> BrokenModel:
    return moved(plain(optimizer=keras.optimizers.Adam(1e-12))), *curved()


def over_regularised() -> BrokenModel:
    hidden = L.Dense(16, "relu", name="hidden", kernel_regularizer=R.L2(10.0))
    model = net(hidden, L.Dense(1, name="out", kernel_regularizer=R.L2(10.0)))
    for layer in model.layers:
        kernel, bias = layer.get_weights()
        put(layer, 1e-4 * kernel, bias + 0.01)
    return compiled(model), *curved()


def stale_normalization() -> BrokenModel:
    x, y = curved()
    return chain(L.Normalization(name="norm"), L.Dense(16, "relu", name="hidden")), 40 * x + 100, y


PATIENTS: Mapping[str, tuple[Callable[[], BrokenModel], str]] = {
    "A101": (missing_nonlinearity, "restore-activation"),
    "A102": (rank_bottleneck, "widen-layers"),
    "A103": (frozen_layers, "unfreeze"),
    "A104": (heavy_dropout, "remove-dropout"),
    "A105": (hidden_softmax, "replace-hidden-softmax"),
    "A107": (deep_saturating_stack, "replace-saturating"),
    "D702": (unscaled_inputs, "standardise-inputs"),
    "D703": (unscaled_targets, "scale-targets"),
    "D713": (preprocessing_mismatch, "match-scale"),
    "D714": (high_frequency_target, "sharpen-first-layer"),
    "G601": (deep_saturating_stack, "replace-saturating"),
    "G602": (exploding_gradient, "redraw-weights"),
    "G603": (learning_rate_too_high, "lower-learning-rate"),
    "G604": (learning_rate_too_low, "raise-learning-rate"),
    "G605": (ill_conditioned, "use-adam"),
    "G608": (clipped_gradient, "stop-clipping"),
    "L502": (missing_nonlinearity, "raise-learning-rate"),
    "L505": (too_few_units, "widen-layers"),
    "L506": (readout_gap, "solve-readout"),
    "O201": (softmax_single_unit, "fit-head"),
    "O202": (loss_activation_mismatch, "fit-head"),
    "O203": (from_logits_mismatch, "declare-logits"),
    "O204": (output_range, "free-output"),
    "O205": (label_encoding, "fit-head"),
    "O206": (units_vs_classes, "fit-head"),
    "O207": (loss_target_mismatch, "fit-head"),
    "O209": (output_bias_start, "start-bias"),
    "U401": (dead_relu, "redraw-dead-units"),
    "U402": (saturated_units, "redraw-weights"),
    "U404": (constant_output, "redraw-weights"),
    "U405": (collapsed_representation, "redraw-weights"),
    "W301": (non_finite_weights, "lower-learning-rate"),
    "W302": (symmetric_units, "redraw-weights"),
    "W303": (init_scale, "redraw-weights"),
    "W305": (units_without_gradient, "redraw-dead-units"),
    "W306": (learning_rate_collapsed, "raise-learning-rate"),
    "W307": (over_regularised, "remove-penalties"),
    "W308": (stale_normalization, "adapt-normalization"),
}
"""By code: the patient, and the treatment to be tried first."""
