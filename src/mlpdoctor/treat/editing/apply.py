"""Carries edits out on a saved model, as data."""

from collections.abc import Sequence

import numpy as np

from mlpdoctor.core.network import Array
from mlpdoctor.treat.editing.editable_spec import EditableSpec, Place, members, redraw, set_weights
from mlpdoctor.treat.editing.edits import (
    Compile,
    Decay,
    Edit,
    EditError,
    InsertAfter,
    InsertBefore,
    Json,
    ModelSpec,
    Recode,
    Redraw,
    Remove,
    Resize,
    SetOption,
    SetWeights,
    Widen,
)
from mlpdoctor.treat.editing.graph_edits import output_names
from mlpdoctor.treat.editing.inserting import insert_after, insert_before, remove
from mlpdoctor.treat.editing.widening import resize, widen

OF_THE_OPTIMIZER = (
    "learning_rate",
    "clipnorm",
    "clipvalue",
    "global_clipnorm",
    "weight_decay",
    "momentum",
    "use_ema",
)
OTHERS = ("metrics", "weighted_metrics", "loss_weights")
CLASSES = {
    name.lower(): name
    for name in (
        "SGD", "Adam", "AdamW", "Adamax", "Nadam", "RMSprop", "Adagrad", "Adadelta", "Ftrl", "Lion", "Lamb",
        "Adafactor", "Muon",
    )
}  # fmt: skip
"""The classes that ``compile`` takes by name, by their names in lower case."""
USUAL = "adam"
"""What Keras compiles with where nothing is said: rmsprop. Adam is what a model without an optimizer is given here."""


def set_compiled(editable: EditableSpec, edit: Compile) -> None:
    """Give one argument of ``compile``, or one option of its optimizer, another value."""
    if edit.key == "optimizer" or edit.key in OTHERS:
        editable.compiled[edit.key] = edit.value
    elif edit.key in OF_THE_OPTIMIZER:
        _options(editable)[edit.key] = edit.value
    elif edit.key == "loss":
        _set_loss(editable, edit)
    else:
        raise EditError(f"compile has no argument '{edit.key}' that a treatment changes")


def set_decay(editable: EditableSpec, edit: Decay) -> None:
    """Give the optimizer a schedule in place of its rate."""
    options = _options(editable)
    rate = options.get("learning_rate")
    if not isinstance(rate, int | float):
        raise EditError("the learning rate follows a schedule already" if rate else "the file tells no learning rate")
    options["learning_rate"] = {
        "module": "keras.optimizers.schedules",
        "class_name": "CosineDecay",
        "config": {"initial_learning_rate": float(rate), "decay_steps": edit.updates},
        "registered_name": None,
    }


def _options(editable: EditableSpec) -> dict[str, Json]:
    """The options of the optimizer, to be changed: of the one that counts, where one scales the loss of another."""
    optimizer = as_object(editable.compiled.get("optimizer"))
    inner = optimizer["config"].get("inner_optimizer")
    editable.compiled["optimizer"] = optimizer
    options: dict[str, Json] = inner["config"] if isinstance(inner, dict) else optimizer["config"]
    return options


def as_object(optimizer: Json) -> dict[str, Json]:
    """An optimizer in the long spelling, class and configuration."""
    if isinstance(optimizer, dict) and "class_name" in optimizer:
        return {**optimizer, "config": dict(optimizer.get("config") or {})}
    name = optimizer if isinstance(optimizer, str) else USUAL
    name = CLASSES.get(name.lower(), name)
    return {"module": "keras.optimizers", "class_name": name, "config": {}, "registered_name": None}


def _set_loss(editable: EditableSpec, edit: Compile) -> None:
    names = output_names(editable.config)
    old = editable.compiled.get("loss")
    if edit.output is None or len(names) == 1:
        if len(names) > 1:
            raise EditError(f"the model has {len(names)} outputs; which one's loss is meant?")
        by_name = isinstance(old, dict) and "class_name" not in old
        editable.compiled["loss"] = (
            {names[0]: edit.value} if by_name else [edit.value] if isinstance(old, list) else edit.value
        )
        return
    if not 0 <= edit.output < len(names):
        raise EditError(f"the model has {len(names)} outputs, so none of the number {edit.output}")
    if isinstance(old, dict) and "class_name" not in old:
        editable.compiled["loss"] = {**old, names[edit.output]: edit.value}
    else:
        losses = list(old) if isinstance(old, list) else [old] * len(names)
        losses[edit.output] = edit.value
        editable.compiled["loss"] = losses


def recode(targets: Array, edit: Recode) -> Array:
    """The table of targets with one output's columns written in another encoding."""
    first, last = edit.columns
    if not 0 <= first < last <= targets.shape[1]:
        raise EditError(f"there are {targets.shape[1]} target columns, so none from {first} to {last}")
    own = targets[:, first:last]
    match edit.how:
        case "minus":
            new = own - edit.number
        case "times":
            new = own * edit.number
        case "positive":
            new = (own > 0).astype(targets.dtype)
        case "sign":
            new = np.where(own > 0, 1.0, -1.0).astype(targets.dtype)
        case "one-hot":
            new = _one_hot(own, int(edit.number))
        case "class-number":
            new = own.argmax(axis=1).astype(targets.dtype)[:, None]
        case "ranks":
            new = np.unique(own, return_inverse=True)[1].reshape(own.shape).astype(targets.dtype)
        case _:
            raise EditError(f"labels cannot be recoded by '{edit.how}'")
    return np.concatenate([targets[:, :first], new, targets[:, last:]], axis=1)


def _one_hot(own: Array, classes: int) -> Array:
    if own.shape[1] != 1:
        raise EditError(f"one-hot labels are made of one column, not of {own.shape[1]}")
    numbers = own[:, 0]
    if (numbers != np.round(numbers)).any() or numbers.min() < 0 or numbers.max() >= classes:
        raise EditError(f"the labels are no class numbers from 0 to {classes - 1}")
    return np.asarray(np.eye(classes)[numbers.astype(int)], own.dtype)


def edited(spec: ModelSpec, edits: Sequence[Edit], seed: int = 0) -> ModelSpec:
    """The model with these edits made, one after the other; what none of them names stays bit for bit.

    Args:
        spec: the model.
        edits: in order; later ones see what earlier ones did. ``Recode`` changes nothing here.
        seed: mixed into every draw, not negative.

    Raises:
        EditError: when an edit does not fit.
    """
    draft = EditableSpec.of(spec)
    for edit in edits:
        _edit(draft, edit, seed)
    return draft.spec()


def recoded(targets: Array, edits: Sequence[Edit]) -> Array:
    """The targets, shape (rows, targets), written as the edits say; the same array when none of them does.

    Raises:
        EditError: when the values are not of the kind an edit expects.
    """
    for edit in edits:
        if isinstance(edit, Recode):
            targets = recode(targets, edit)
    return targets


def _edit(editable: EditableSpec, edit: Edit, seed: int) -> None:
    match edit:
        case SetOption():
            _set_option(editable, edit)
        case InsertAfter():
            insert_after(editable, edit)
        case InsertBefore():
            insert_before(editable, edit)
        case Remove():
            remove(editable, edit)
        case Compile():
            set_compiled(editable, edit)
        case Decay():
            set_decay(editable, edit)
        case Redraw() | SetWeights() | Widen() | Resize():
            _edit_weights(editable, edit, seed)
        case Recode():
            pass


def _edit_weights(editable: EditableSpec, edit: Redraw | SetWeights | Widen | Resize, seed: int) -> None:
    match edit:
        case Redraw():
            redraw(editable, edit, seed)
        case SetWeights():
            set_weights(editable, edit)
        case Widen():
            widen(editable, edit, seed)
        case Resize():
            resize(editable, edit, seed)


def _set_option(editable: EditableSpec, edit: SetOption) -> None:
    place = editable.find(edit.layer)
    if edit.key in ("units", "name"):
        raise EditError(f"'{edit.key}' of '{edit.layer}' is not an option that can be set by itself")
    if edit.key not in place.config:
        raise EditError(f"layer '{edit.layer}' ({place.kind}) has no option '{edit.key}'")
    if edit.key == "trainable":
        _set_trainable(place, value=bool(edit.value))
    else:
        place.config[edit.key] = edit.value


def _set_trainable(place: Place, *, value: bool) -> None:
    """Freeze or thaw a layer; of a model, all that is in it, as Keras does."""
    place.config["trainable"] = value
    if place.nested:
        for item in members(place.config):
            if "trainable" in item["config"]:
                _set_trainable(Place(place.config, item, f"{place.path}/"), value=value)
