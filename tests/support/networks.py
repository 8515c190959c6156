"""Networks drawn as in Keras, but without it: layers, joins, models in models, as ``core.network`` holds them.

The vocabulary is Keras's (``L.Dense(8, "relu")(entry)``, ``Sequential``, ``Model``); shapes and weights come from
mlpdoctor's own families and initialisers. ``test_networks`` holds them beside what Keras saves.
"""

import random
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
from keras_objects import Config, Options, arguments, constraints, initializers, regularizers, serialized
from optimizers import Optimizer, optimizers

from mlpdoctor.core import network as core
from mlpdoctor.nn.initializers import draw
from mlpdoctor.nn.layers.properties import families
from mlpdoctor.readers.models.keras_calls import Blueprint, Call, Reference
from mlpdoctor.readers.models.keras_graph import unfold
from mlpdoctor.readers.models.keras_training import loss_weights, losses, metrics

VERSION = "3.15.1"
"""Of the Keras whose files these networks are like."""
_OF_WEIGHT = ("initializer", "regularizer", "constraint")
_SERIALIZED = {"initializer": initializers, "regularizer": regularizers, "constraint": constraints}


def _of_weights(**initial: str) -> Options:
    """The options that come with a layer's weights, given the usual initialisers."""
    usual = {"initializer": None, "regularizer": None, "constraint": None}
    return tuple(
        (f"{name}_{part}", start if part == "initializer" else usual[part])
        for part in _OF_WEIGHT
        for name, start in initial.items()
    )


_NORM: Options = (("center", True), ("scale", True), *_of_weights(beta="zeros", gamma="ones"))
_RATE: Options = (("rate", None), ("seed", None))
KINDS: Mapping[str, Options] = {
    "Activation": (("activation", None),),
    "ActivityRegularization": (("l1", 0.0), ("l2", 0.0)),
    "AlphaDropout": (("rate", None), ("noise_shape", None), ("seed", None)),
    "BatchNormalization": (
        ("axis", -1), ("momentum", 0.99), ("epsilon", 1e-3), *_NORM[:2],
        ("beta_initializer", "zeros"), ("gamma_initializer", "ones"), ("moving_mean_initializer", "zeros"),
        ("moving_variance_initializer", "ones"), *_NORM[4:], ("synchronized", False), ("renorm", False),
        ("renorm_clipping", None), ("renorm_momentum", 0.99),
    ),
    "Concatenate": (("axis", -1),),
    "Dense": (
        ("units", None), ("activation", None), ("use_bias", True),
        *_of_weights(kernel="glorot_uniform", bias="zeros"), ("activity_regularizer", None),
        ("quantization_config", None),
    ),
    "Dot": (("axes", None), ("normalize", False)),
    "Dropout": (("rate", None), ("noise_shape", None), ("seed", None)),
    "ELU": (("alpha", 1.0),),
    "Embedding": (
        ("input_dim", None), ("output_dim", None), *_of_weights(embeddings="uniform"),
        ("activity_regularizer", None), ("mask_zero", False), ("quantization_config", None),
    ),
    "Flatten": (("data_format", "channels_last"),),
    "GaussianDropout": _RATE,
    "GaussianNoise": (("stddev", None), ("seed", None)),
    "LayerNormalization": (("axis", -1), ("epsilon", 1e-3), *_NORM[:2], ("rms_scaling", False), *_NORM[2:]),
    "LeakyReLU": (("negative_slope", 0.3),),
    "Normalization": (("axis", (-1,)), ("mean", None), ("variance", None), ("invert", False)),
    "PReLU": (*_of_weights(alpha="zeros"), ("shared_axes", None)),
    "Permute": (("dims", None),),
    "ReLU": (("max_value", None), ("negative_slope", 0.0), ("threshold", 0.0)),
    "RepeatVector": (("n", None),),
    "Rescaling": (("scale", None), ("offset", 0.0)),
    "Reshape": (("target_shape", None),),
    "Softmax": (("axis", -1),),
    "SpatialDropout1D": _RATE,
    "SpatialDropout2D": _RATE,
    "SpatialDropout3D": _RATE,
    "UnitNormalization": (("axis", -1),),
    **dict.fromkeys(("Add", "Average", "Identity", "Maximum", "Minimum", "Multiply", "Subtract"), ()),
}  # fmt: skip
"""The arguments of each kind of layer in Keras's order, with Keras's defaults."""
_KEPT_OUT = {"activity_regularizer"}
"""Left out of the configuration where it is not given, as Keras does with it in a Dense."""

_counted: Counter[str] = Counter()


def set_random_seed(seed: int) -> None:
    """Start chance again: weights are drawn from Python's, as Keras draws its seeds."""
    random.seed(seed)


class Variable:
    """A weight, or what an optimizer keeps for one, in float32."""

    def __init__(self, name: str, path: str, value: npt.ArrayLike, *, trainable: bool = True) -> None:
        self.name, self.path, self.trainable = name, path, trainable
        self.value = np.asarray(value, np.float32)

    @property
    def shape(self) -> tuple[int, ...]:
        return self.value.shape

    def assign(self, value: npt.ArrayLike) -> None:
        new = np.array(value, np.float32)
        if new.shape != self.shape:
            raise ValueError(f"{self.path} has the shape {self.shape}, not {new.shape}")
        self.value = new

    def numpy(self) -> npt.NDArray[np.float32]:
        return self.value.copy()

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> npt.NDArray[Any]:  # noqa: ANN401, FBT001
        del copy
        return np.array(self.value, dtype)


@dataclass(eq=False)
class Tensor:
    """What one call put out: which output of which call, and its shape without the batch axis."""

    call: "Called"
    place: int
    shape: core.Shape


@dataclass(eq=False)
class Called:
    """One call of a layer or a model."""

    of: "Layer | Model"
    sources: tuple[Tensor, ...]
    outputs: list[Tensor] = field(default_factory=list)


class Layer:
    """A layer with its configuration and, once called, its weights."""

    def __init__(self, kind: str, given: tuple[Any, ...] = (), named: Mapping[str, Any] | None = None) -> None:
        named = dict(named or {})
        self.kind = kind
        self.name: str = named.pop("name", None) or _named(kind)
        self.trainable: bool = named.pop("trainable", True)
        self.dtype: str = named.pop("dtype", None) or "float32"
        self.own = {
            key: _spec(key, value)
            for key, value in arguments(KINDS[kind], given, named).items()
            if value is not None or key not in _KEPT_OUT
        }
        if self.kind in ("Normalization", "LayerNormalization"):
            axis = self.own["axis"]
            self.own["axis"] = axis if axis is None else [axis] if isinstance(axis, int) else list(axis)
        self.weights: list[Variable] = []
        self.built = False

    def __call__(self, sources: Tensor | Sequence[Tensor]) -> Tensor:
        given = (sources,) if isinstance(sources, Tensor) else tuple(sources)
        shapes = [tensor.shape for tensor in given]
        family = families()[self.kind]
        if not self.built:
            chance = np.random.default_rng(random.getrandbits(64))
            waiting = {variable.name: variable.value for variable in self.weights}  # of Normalization, adapted before
            self.weights = [
                Variable(
                    variable.name,
                    f"{self.name}/{variable.name}",
                    waiting.get(variable.name, _start(self.config, variable.name, variable.shape, chance)),
                    trainable=variable.trainable,
                )
                for variable in family.variables(self.config, shapes)
            ]
            self.built = True
        return _called(self, given, [family.output_shape(self.config, shapes)])[0]

    @property
    def config(self) -> Config:
        """As a file holds it."""
        if self.kind.startswith("Spatial"):
            return {**self.own, "name": self.name, "dtype": self.dtype}
        dtype = serialized("keras", "DTypePolicy", {"name": self.dtype})
        return {"name": self.name, "trainable": self.trainable, "dtype": dtype, **self.own}

    @property
    def units(self) -> int:
        return int(self.own["units"])

    @property
    def kernel(self) -> Variable:
        return next(variable for variable in self.weights if variable.name == "kernel")

    @property
    def trainable_variables(self) -> list[Variable]:
        return [variable for variable in self.weights if variable.trainable and self.trainable]

    def get_weights(self) -> list[npt.NDArray[np.float32]]:
        return [variable.numpy() for variable in self.weights]

    def set_weights(self, values: Sequence[npt.ArrayLike]) -> None:
        for variable, value in zip(self.weights, values, strict=True):
            variable.assign(value)

    def adapt(self, x: npt.NDArray[Any]) -> None:
        """The moments of the data, as Normalization takes them."""
        axis = self.own["axis"]
        over = tuple(range(x.ndim)) if axis is None else tuple(a for a in range(x.ndim) if a - x.ndim not in axis)
        moments = {"mean": x.mean(axis=over), "variance": x.var(axis=over), "count": np.float32(0)}
        self.weights = [
            Variable(name, f"{self.name}/{name}", value, trainable=False) for name, value in moments.items()
        ]

    def frozen(self, prefix: str, *, trainable: bool) -> core.Layer:
        """As mlpdoctor holds it."""
        if self.kind == "InputLayer":
            return core.Layer(prefix + self.name, self.kind, self.own, {})
        weights = {variable.name: variable.value.copy() for variable in self.weights}
        return core.Layer(prefix + self.name, self.kind, self.config, weights, trainable=trainable and self.trainable)


class Model:
    """A functional model on what was called so far."""

    kind = "Functional"

    def __init__(
        self, inputs: Tensor | Sequence[Tensor], outputs: Tensor | Sequence[Tensor], name: str | None = None
    ) -> None:
        self.name = name or _named(self.kind)
        self.inputs = [inputs] if isinstance(inputs, Tensor) else list(inputs)
        self.outputs = [outputs] if isinstance(outputs, Tensor) else list(outputs)
        self.calls, self.layers = _ordered(self.inputs, self.outputs)
        names = [layer.name for layer in self.layers]
        assert len(set(names)) == len(names), f"two layers have one name: {names}"
        self.own_trainable = True
        self.optimizer: Optimizer | None = None
        self.loss: Any = None
        self.loss_weights: Any = None
        self.metrics: Any = None

    def __call__(self, sources: Tensor | Sequence[Tensor]) -> Any:  # noqa: ANN401  one tensor, or a list of them
        given = (sources,) if isinstance(sources, Tensor) else tuple(sources)
        made = _called(self, given, [tensor.shape for tensor in self.outputs])
        return made[0] if len(made) == 1 else made

    @property
    def trainable(self) -> bool:
        return self.own_trainable

    @trainable.setter
    def trainable(self, value: bool) -> None:
        self.own_trainable = value
        for layer in self.layers:
            layer.trainable = value

    def get_layer(self, name: str) -> Any:  # noqa: ANN401  a layer or a model
        return next(layer for layer in self.layers if layer.name == name)

    @property
    def owners(self) -> Iterator[tuple[str, Layer]]:
        """All layers by path, those of inner models too."""
        for layer in self.layers:
            if isinstance(layer, Model):
                yield from ((f"{layer.name}/{path}", inner) for path, inner in layer.owners)
            else:
                yield layer.name, layer

    @property
    def weights(self) -> list[Variable]:
        return [variable for _, layer in self.owners for variable in layer.weights]

    @property
    def trainable_variables(self) -> list[Variable]:
        return [variable for _, layer in self.owners for variable in layer.trainable_variables]

    def count_params(self) -> int:
        return sum(variable.value.size for variable in self.weights)

    def get_weights(self) -> list[npt.NDArray[np.float32]]:
        return [variable.numpy() for variable in self.weights]

    def set_weights(self, values: Sequence[npt.ArrayLike]) -> None:
        for variable, value in zip(self.weights, values, strict=True):
            variable.assign(value)

    def compile(
        self,
        optimizer: Any = "rmsprop",  # noqa: ANN401  a name or an optimizer
        loss: Any = None,  # noqa: ANN401  JSON
        loss_weights: Any = None,  # noqa: ANN401  JSON
        metrics: Any = None,  # noqa: ANN401  JSON
    ) -> None:
        self.optimizer = optimizers.get(optimizer)
        self.loss, self.loss_weights, self.metrics = loss, loss_weights, metrics

    def network(self) -> core.Network:
        """What the reader reads from the file that Keras makes of such a model."""
        blueprint = self.blueprint({}, "", trainable=True)
        graph = unfold(blueprint)
        names = tuple(tensor.call.of.name for tensor in self.outputs)
        compiled = self.optimizer is not None
        return core.Network(
            name=self.name,
            nodes=tuple(graph.nodes),
            inputs=graph.inputs,
            outputs=graph.outputs,
            output_names=names,
            losses=losses(self.loss, names),
            loss_weights=loss_weights(self.loss_weights, names),
            metrics=metrics(self.metrics if compiled else None, names),
            optimizer=None if self.optimizer is None else self.optimizer.frozen(dict(self.owners)),
            file="model.keras",
            format="Keras 3 archive",
            keras_version=VERSION,
        )

    def blueprint(self, made: dict[int, core.Layer], prefix: str, *, trainable: bool) -> Blueprint:
        """As the reader has a model before it is unfolded; a layer that is in several models is made once."""
        members: dict[str, core.Layer | Blueprint] = {}
        for layer in self.layers:
            if isinstance(layer, Model):
                inner = trainable and layer.trainable
                members[layer.name] = layer.blueprint(made, f"{prefix}{layer.name}/", trainable=inner)
            else:
                members[layer.name] = made.setdefault(id(layer), layer.frozen(prefix, trainable=trainable))
        numbers: dict[int, int] = {}
        calls: dict[tuple[str, int], Call] = {}
        of = {id(layer): [call for call in self.calls if call.of is layer] for layer in self.layers}
        for layer in self.layers:
            numbers |= {id(call): number for number, call in enumerate(of[id(layer)])}

        def reference(tensor: Tensor) -> Reference:
            return Reference(tensor.call.of.name, numbers[id(tensor.call)], tensor.place)

        for layer in self.layers:
            for call in of[id(layer)]:
                sources = tuple(map(reference, call.sources))
                calls[layer.name, numbers[id(call)]] = Call(sources, (), (None,) * len(sources))
        ends = tuple(map(reference, self.inputs)), tuple(map(reference, self.outputs))
        return Blueprint(self.name, self.kind, members, calls, *ends)


class Sequential(Model):
    """Layers in a row, the first of which tells the shape of the input."""

    kind = "Sequential"

    def __init__(self, layers: "Sequence[Tensor | Layer | Model]", name: str | None = None) -> None:
        entry, *rest = layers
        assert isinstance(entry, Tensor), "the first of them is an Input"
        here = entry
        for layer in rest:
            assert not isinstance(layer, Tensor)
            here = layer(here)
        super().__init__(entry, here, name)
        self.layers = self.layers[1:]  # as in Keras: the input is no layer of it

    def add(self, layer: "Layer | Model") -> None:
        """One more layer behind the others, before the model is compiled."""
        longer = Sequential([self.inputs[0], *self.layers, layer], self.name)
        self.outputs, self.calls, self.layers = longer.outputs, longer.calls, longer.layers

    def blueprint(self, made: dict[int, core.Layer], prefix: str, *, trainable: bool) -> Blueprint:
        shown = self.layers
        self.layers = [self.inputs[0].call.of, *shown]
        try:
            return super().blueprint(made, prefix, trainable=trainable)
        finally:
            self.layers = shown


def Input(shape: Sequence[int | None], name: str | None = None, dtype: str = "float32") -> Tensor:  # noqa: N802
    """Where rows of a shape enter."""
    layer = Layer.__new__(Layer)
    layer.kind, layer.name, layer.trainable, layer.weights, layer.built = "InputLayer", name or "", True, [], True
    layer.name = name or _named("InputLayer")
    layer.own = {
        "batch_shape": [None, *shape], "dtype": dtype, "sparse": False, "ragged": False, "name": layer.name,
        "optional": False,
    }  # fmt: skip
    return _called(layer, (), [tuple(shape)])[0]


class Kinds:
    """``L.Dense(8, "relu", name="hidden")`` for every kind that mlpdoctor's own engine follows."""

    def __getattr__(self, kind: str) -> Callable[..., Any]:
        if kind not in KINDS:
            raise AttributeError(f"{kind}: a layer that only Keras runs; use model_cases in a test that needs it")
        return lambda *given, **named: Layer(kind, given, named)


L: Any = Kinds()


def _named(kind: str) -> str:
    """As Keras names a layer that got no name."""
    words = {"PReLU": "p_re_lu", "ReLU": "re_lu", "LeakyReLU": "leaky_re_lu", "ELU": "elu"}
    name = words.get(kind) or "".join(f"_{c.lower()}" if c.isupper() else c for c in kind).lstrip("_")
    count = _counted[name]
    _counted[name] += 1
    return f"{name}_{count}" if count else name


def _spec(key: str, value: Any) -> Any:  # noqa: ANN401  JSON
    """A value of a configuration, as a file holds it."""
    if key == "activation":
        if isinstance(value, Layer):
            return serialized("keras.layers", value.kind, value.config)
        return "linear" if value is None else value
    what = _SERIALIZED.get(key.rpartition("_")[2])
    if what is not None:
        return what.get(value)
    return list(value) if isinstance(value, tuple) else value


def _start(config: Config, name: str, shape: tuple[int, ...], chance: np.random.Generator) -> npt.NDArray[Any]:
    spec = config.get(f"{name}_initializer") or ("ones" if name == "variance" else "zeros")
    values = draw(spec, name, shape, chance)
    assert values is not None, spec
    return values


def _called(of: "Layer | Model", sources: tuple[Tensor, ...], shapes: Sequence[core.Shape]) -> list[Tensor]:
    call = Called(of, sources)
    call.outputs = [Tensor(call, place, shape) for place, shape in enumerate(shapes)]
    return call.outputs


def _ordered(inputs: Sequence[Tensor], outputs: Sequence[Tensor]) -> tuple[list[Called], list[Any]]:
    """The calls between inputs and outputs, and their layers in the order in which Keras lists and saves them.

    That is by depth, the longest way to an output, and where it is the same by the first visit from the outputs.
    """
    visits: dict[int, int] = {}
    order: list[Called] = []
    ends = {id(tensor.call) for tensor in inputs}

    def visit(tensor: Tensor) -> None:
        call = tensor.call
        if call in order:
            return
        visits.setdefault(id(call.of), len(visits))
        if id(call) not in ends:
            for source in call.sources:
                visit(source)
        order.append(call)

    for tensor in outputs:
        visit(tensor)
    depths: dict[int, int] = {}
    layers: dict[int, int] = {}
    for call in reversed(order):
        depth = max(depths.get(id(call), 0), layers.get(id(call.of), 0))
        depths[id(call)] = layers[id(call.of)] = depth
        for source in call.sources if id(call) not in ends else ():
            depths[id(source.call)] = max(depth + 1, depths.get(id(source.call), 0))
    known = {id(call.of): call.of for call in order}
    for tensor in inputs:  # one that nothing uses is still an input
        if tensor.call not in order:
            order.append(tensor.call)
            known[id(tensor.call.of)] = tensor.call.of
            layers[id(tensor.call.of)], visits[id(tensor.call.of)] = 0, -1
    return order, sorted(known.values(), key=lambda layer: (-layers[id(layer)], visits[id(layer)]))
