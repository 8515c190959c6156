"""Changes of what ``compile`` was called with."""

from mlpdoctor.treatments.draft import Draft
from mlpdoctor.treatments.edits import Compile, Decay, EditError
from mlpdoctor.treatments.spec import Json
from mlpdoctor.treatments.wires import output_names

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


def set_compiled(draft: Draft, edit: Compile) -> None:
    """Give one argument of ``compile``, or one option of its optimizer, another value."""
    if edit.key == "optimizer" or edit.key in OTHERS:
        draft.compiled[edit.key] = edit.value
    elif edit.key in OF_THE_OPTIMIZER:
        _options(draft)[edit.key] = edit.value
    elif edit.key == "loss":
        _set_loss(draft, edit)
    else:
        raise EditError(f"compile has no argument '{edit.key}' that a treatment changes")


def set_decay(draft: Draft, edit: Decay) -> None:
    """Give the optimizer a schedule in place of its rate."""
    options = _options(draft)
    rate = options.get("learning_rate")
    if not isinstance(rate, int | float):
        raise EditError("the learning rate follows a schedule already" if rate else "the file tells no learning rate")
    options["learning_rate"] = {
        "module": "keras.optimizers.schedules",
        "class_name": "CosineDecay",
        "config": {"initial_learning_rate": float(rate), "decay_steps": edit.updates},
        "registered_name": None,
    }


def _options(draft: Draft) -> dict[str, Json]:
    """The options of the optimizer, to be changed: of the one that counts, where one scales the loss of another."""
    optimizer = as_object(draft.compiled.get("optimizer"))
    inner = optimizer["config"].get("inner_optimizer")
    draft.compiled["optimizer"] = optimizer
    options: dict[str, Json] = inner["config"] if isinstance(inner, dict) else optimizer["config"]
    return options


def as_object(optimizer: Json) -> dict[str, Json]:
    """An optimizer in the long spelling, class and configuration."""
    if isinstance(optimizer, dict) and "class_name" in optimizer:
        return {**optimizer, "config": dict(optimizer.get("config") or {})}
    name = optimizer if isinstance(optimizer, str) else USUAL
    name = CLASSES.get(name.lower(), name)
    return {"module": "keras.optimizers", "class_name": name, "config": {}, "registered_name": None}


def _set_loss(draft: Draft, edit: Compile) -> None:
    names = output_names(draft.config)
    old = draft.compiled.get("loss")
    if edit.output is None or len(names) == 1:
        if len(names) > 1:
            raise EditError(f"the model has {len(names)} outputs; which one's loss is meant?")
        by_name = isinstance(old, dict) and "class_name" not in old
        draft.compiled["loss"] = (
            {names[0]: edit.value} if by_name else [edit.value] if isinstance(old, list) else edit.value
        )
        return
    if not 0 <= edit.output < len(names):
        raise EditError(f"the model has {len(names)} outputs, so none of the number {edit.output}")
    if isinstance(old, dict) and "class_name" not in old:
        draft.compiled["loss"] = {**old, names[edit.output]: edit.value}
    else:
        losses = list(old) if isinstance(old, list) else [old] * len(names)
        losses[edit.output] = edit.value
        draft.compiled["loss"] = losses
