"""A change of a model as the lines of Keras code that change, and as JSON."""

from collections.abc import Sequence

import numpy as np

from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.network import Config
from mlpdoctor.core.text import count
from mlpdoctor.treat.editing.apply import as_object, edited
from mlpdoctor.treat.editing.editable_spec import Place, places
from mlpdoctor.treat.editing.edits import (
    Compile,
    Decay,
    Edit,
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
from mlpdoctor.treat.editing.keras_lines import call, layer_line, number, value

SHOWN = 4
"""Numbers of a longer list that a line writes out."""
RECODED = {
    "minus": "y = y - {0}",
    "times": "y = y * {0}",
    "one-hot": "y = keras.utils.to_categorical(y, {0})",
    "class-number": "y = y.argmax(axis=1)",
    "positive": "y = (y > 0).astype('float32')",
    "sign": "y = np.where(y > 0, 1, -1)",
    "ranks": "y = np.unique(y, return_inverse=True)[1]",
}


@dataclass(frozen=True)
class Line:
    """One line of a diff: ``sign`` is ``-``, ``+``, or a space for a line that stays and of which something is said."""

    sign: str
    text: str

    def __str__(self) -> str:
        """The line as a diff shows it."""
        return f"{self.sign} {self.text}"


def diff(before: ModelSpec, edits: Sequence[Edit]) -> tuple[Line, ...]:
    """The lines that change, in the order of the model; then those of ``compile``, then those of the labels.

    Raises:
        EditError: when an edit does not fit.
    """
    after = edited(before, edits)
    labels = [edit for edit in edits if isinstance(edit, Recode)]
    spelt = [Line("+", RECODED[edit.how].format(number(edit.number))) for edit in labels]
    return (*_of_layers(before, after, edits), *_of_compile(before, after), *spelt)


def as_json(before: ModelSpec, edits: Sequence[Edit]) -> list[dict[str, Json]]:
    """The edits as plain values: what, where, from what to what. Draws of many layers stay one entry each.

    Raises:
        EditError: when an edit does not fit.
    """
    found, spec = [], before
    for edit in edits:
        found.append(_told(edit, spec))
        spec = edited(spec, [edit])
    return found


def _of_layers(before: ModelSpec, after: ModelSpec, edits: Sequence[Edit]) -> list[Line]:
    old, new = _listed(before.config), _listed(after.config)
    remarks = _remarks(edits)
    order = list(new)
    for path in old:  # what was removed stands where it stood
        if path not in new:
            ahead = [one for one in list(old)[: list(old).index(path)] if one in order]
            order.insert(order.index(ahead[-1]) + 1 if ahead else 0, path)
    lines: list[Line] = []
    for path in order:
        was, now = (None if one is None else _line(one) for one in (old.get(path), new.get(path)))
        remark = f"  # {'; '.join(remarks[path])}" if path in remarks else ""
        if was == now:
            if remark and was is not None:
                lines.append(Line(" ", was + remark))
            continue
        if was is not None:
            lines.append(Line("-", was))
        if now is not None:
            lines.append(Line("+", now + remark + _adapted(new[path])))
    return lines


def _listed(config: Config) -> dict[str, Place]:
    """The layers by path; of a model only those in it."""
    return {place.path: place for place in places(dict(config), "") if not place.nested}


def _line(place: Place) -> str:
    config = {key: _shortened(given) for key, given in place.config.items()}
    return layer_line({**place.item, "config": config}, named=place.kind != "InputLayer")


def _shortened(given: Json) -> Json:
    return [*given[:SHOWN], ...] if isinstance(given, list) and len(given) > SHOWN else given


def _adapted(place: Place) -> str:
    return "  # or adapt it to the training inputs" if place.kind == "Normalization" else ""


def _remarks(edits: Sequence[Edit]) -> dict[str, list[str]]:
    """What happens to the weights of each layer."""
    found: dict[str, list[str]] = {}
    for edit in edits:
        match edit:
            case Redraw(layer=layer, units=None):
                found.setdefault(layer, []).append("weights re-initialised")
            case Redraw(layer=layer, units=units) if units is not None:
                found.setdefault(layer, []).append(f"{count(len(units), 'unit')} re-initialised")
            case SetWeights(layer=layer, name=name, values=values):
                few = np.ravel(values)
                shown = f" to {value([float(one) for one in few])}" if few.size <= SHOWN else ""
                found.setdefault(layer, []).append(f"{name} set{shown}")
            case Widen(layer=layer):
                found.setdefault(layer, []).append("old units keep their weights")
            case Resize(layer=layer):
                found.setdefault(layer, []).append("weights re-initialised")
    return {layer: list(dict.fromkeys(remarks)) for layer, remarks in found.items()}


def _of_compile(before: ModelSpec, after: ModelSpec) -> list[Line]:
    lines = []
    was, now = (_optimizer(spec) for spec in (before, after))
    if was != now:
        lines += [Line("-", was), Line("+", now)] if was else [Line("+", now)]
    for key in ("loss", "metrics"):
        old, new = before.compiled.get(key), after.compiled.get(key)
        if old != new:
            lines += [Line("-", f"{key}={_compact(old)}")] if old is not None else []
            lines.append(Line("+", f"{key}={_compact(new)}"))
    return lines


def _optimizer(spec: ModelSpec) -> str:
    if not spec.compiled.get("optimizer"):
        return ""
    found = as_object(spec.compiled["optimizer"])
    options = {
        key: given for key, given in found["config"].items() if key not in {"name", "gradient_accumulation_steps"}
    }
    rate = options.pop("learning_rate", None)
    rest = call(str(found["class_name"]).rpartition(">")[2], options)
    kind, _, given = rest.partition("(")
    listed = [part for part in ("" if rate is None else value(rate), given.removesuffix(")")) if part]
    return f"optimizer={kind}({', '.join(listed)})"


def _compact(given: Json) -> str:
    if isinstance(given, dict) and "class_name" in given:
        options = given.get("config") or {}
        if isinstance(options, str):  # a function
            return value(options)
        config = {key: one for key, one in options.items() if key not in {"name", "fn"}}
        return call(str(given["class_name"]).rpartition(">")[2], config)
    if isinstance(given, list):
        return f"[{', '.join(_compact(one) for one in given)}]"
    if isinstance(given, dict):
        listed = ", ".join(f'"{key}": {_compact(one)}' for key, one in given.items())
        return f"{{{listed}}}"
    return value(given)


def _told(edit: Edit, spec: ModelSpec) -> dict[str, Json]:
    """One edit as plain values."""
    layers = _listed(spec.config)
    match edit:
        case SetOption():
            place = next((one for path, one in layers.items() if path == edit.layer), None)
            was = None if place is None else place.config.get(edit.key)
            return {"edit": "set-option", "layer": edit.layer, "option": edit.key, "from": was, "to": edit.value}
        case InsertAfter() | InsertBefore():
            where = "after" if isinstance(edit, InsertAfter) else "before"
            return {"edit": "insert", where: edit.layer, "layer": edit.new.kind, "options": dict(edit.new.options)}
        case Remove():
            return {"edit": "remove", "layer": edit.layer}
        case Redraw():
            units = None if edit.units is None else list(edit.units)
            return {"edit": "redraw", "layer": edit.layer, "units": units, "initializer": edit.initializer,
                    "bias": edit.bias}  # fmt: skip
        case SetWeights():
            values = np.asarray(edit.values, np.float64)
            listed = values.tolist() if values.size <= MOST_TOLD and np.isfinite(values).all() else None
            return {"edit": "set-weights", "layer": edit.layer, "weight": edit.name, "shape": list(values.shape),
                    "values": listed}  # fmt: skip
        case Widen() | Resize():
            kind = "widen" if isinstance(edit, Widen) else "resize"
            place = layers.get(edit.layer)
            was = None if place is None else place.config.get("units")
            return {"edit": kind, "layer": edit.layer, "from": was, "to": edit.units}
        case Compile():
            return {"edit": "compile", "key": edit.key, "output": edit.output, "from": _compiled(spec, edit),
                    "to": edit.value}  # fmt: skip
        case Decay():
            return {"edit": "decay", "updates": edit.updates}
        case Recode():
            return {"edit": "recode", "columns": list(edit.columns), "how": edit.how, "number": edit.number,
                    "output": edit.output}  # fmt: skip


MOST_TOLD = 1000
"""Weights of more numbers are told by their shape alone."""


def _compiled(spec: ModelSpec, edit: Compile) -> Json:
    if edit.key in {"optimizer", "loss", "metrics", "weighted_metrics", "loss_weights"}:
        return spec.compiled.get(edit.key)
    return as_object(spec.compiled.get("optimizer"))["config"].get(edit.key)
