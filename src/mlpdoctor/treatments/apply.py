"""Carries edits out on a saved model, as data."""

from collections.abc import Sequence

from mlpdoctor.network import Array
from mlpdoctor.treatments.compiling import set_compiled, set_decay
from mlpdoctor.treatments.draft import Draft, Place, members
from mlpdoctor.treatments.drawing import redraw, set_weights
from mlpdoctor.treatments.edits import (
    Compile,
    Decay,
    Edit,
    EditError,
    InsertAfter,
    InsertBefore,
    Recode,
    Redraw,
    Remove,
    Resize,
    SetOption,
    SetWeights,
    Widen,
)
from mlpdoctor.treatments.inserting import insert_after, insert_before, remove
from mlpdoctor.treatments.recoding import recode
from mlpdoctor.treatments.spec import ModelSpec
from mlpdoctor.treatments.widening import resize, widen


def edited(spec: ModelSpec, edits: Sequence[Edit], seed: int = 0) -> ModelSpec:
    """The model with these edits made, one after the other; what none of them names stays bit for bit.

    Args:
        spec: the model.
        edits: in order; later ones see what earlier ones did. ``Recode`` changes nothing here.
        seed: mixed into every draw, not negative.

    Raises:
        EditError: when an edit does not fit.
    """
    draft = Draft.of(spec)
    for edit in edits:
        _edit(draft, edit, seed)
    return draft.spec()


def recoded(targets: Array, edits: Sequence[Edit]) -> Array:
    """The targets, shape (rows, targets), spelt as the edits say; the same array when none of them does.

    Raises:
        EditError: when the values are not of the kind an edit expects.
    """
    for edit in edits:
        if isinstance(edit, Recode):
            targets = recode(targets, edit)
    return targets


def _edit(draft: Draft, edit: Edit, seed: int) -> None:
    match edit:
        case SetOption():
            _set_option(draft, edit)
        case InsertAfter():
            insert_after(draft, edit)
        case InsertBefore():
            insert_before(draft, edit)
        case Remove():
            remove(draft, edit)
        case Compile():
            set_compiled(draft, edit)
        case Decay():
            set_decay(draft, edit)
        case Redraw() | SetWeights() | Widen() | Resize():
            _edit_weights(draft, edit, seed)
        case Recode():
            pass


def _edit_weights(draft: Draft, edit: Redraw | SetWeights | Widen | Resize, seed: int) -> None:
    match edit:
        case Redraw():
            redraw(draft, edit, seed)
        case SetWeights():
            set_weights(draft, edit)
        case Widen():
            widen(draft, edit, seed)
        case Resize():
            resize(draft, edit, seed)


def _set_option(draft: Draft, edit: SetOption) -> None:
    place = draft.find(edit.layer)
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
