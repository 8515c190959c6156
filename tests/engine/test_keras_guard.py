"""What a model file may name: judged from its configuration alone, before Keras is started."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import h5py
import pytest

from mlpdoctor.engine.keras_guard import Refused, Why, guard, objections

Json = Any


def whys(config: Json, *, compiled: bool = True) -> list[Why]:
    return [one.why for one in objections(config, compiled=compiled)]


def named(module: str | None, kind: str, config: Json = None, registered: str | None = None) -> Json:
    return {"module": module, "class_name": kind, "config": config or {}, "registered_name": registered}


LAMBDA = named("keras.layers", "Lambda", {"name": "odd"})
STRANGE = named("builtins", "function", "my_loss", "function")


@pytest.mark.parametrize(
    "config",
    [
        named("keras.layers", "Dense", {"name": "a", "activation": "relu"}),
        named(None, "Dense", {"name": "a"}),
        named("keras.src.models.functional", "Functional", {"layers": []}, "Functional"),
        named("keras.src.engine.functional", "Functional", {"layers": []}, "Functional"),
        named("tf_keras.src.engine.sequential", "Sequential", {"layers": []}),
        named("tensorflow.python.keras.layers.core", "Dense", {}),
        named("keras.src.ops.numpy", "Add", {"name": "add"}),
        named("keras", "DTypePolicy", {"name": "float32"}),
        named("keras.activations", "function", "gelu"),
        named("keras.src.activations.activations", "function", "gelu"),
        named("keras.layers", "StringLookup", {"name": "a", "vocabulary": ["x", "y"]}),
        named("keras.layers", "StringLookup", {"name": "a", "vocabulary": None}),
        {"class_name": "__keras_tensor__", "config": {"keras_history": ["in", 0, 0]}},
        [1, "x", None, {"a": 2.0}],
        "vocabulary",
    ],
)
def test_what_honest_files_hold_is_let_through(config: Json) -> None:
    assert whys(config) == []


@pytest.mark.parametrize(
    ("config", "why"),
    [
        (named("subprocess", "Popen"), Why.FOREIGN),
        (named("keras.saving", "load_model"), Why.FOREIGN),
        (named("keras.utils", "PyDataset"), Why.FOREIGN),
        (named("keras.models", "load_model"), Why.FOREIGN),
        (named("keras.layers", "deserialize"), Why.FOREIGN),
        (named("keras_evil.layers", "Dense"), Why.FOREIGN),
        (named("tensorflow.io", "FixedLenFeature"), Why.FOREIGN),
        (named("builtins", "function", "eval"), Why.FOREIGN),
        (named("keras.utils", "function", "get_file"), Why.FOREIGN),
        (named("keras.layers", "function", "TFSMLayer"), Why.RUNS),
        (named("keras.layers", "function", "Lambda"), Why.CODE),
        (named(None, "their>Layer", registered="their>Layer"), Why.FOREIGN),
        (named("keras.layers", "TFSMLayer", {"filepath": 3}), Why.RUNS),
        (named("keras.layers", "StringLookup", {"vocabulary": "/etc/passwd"}), Why.FILE),
        (named(None, "TextVectorization", {"vocabulary": "words.txt"}), Why.FILE),
        (named("keras.layers", "Other", {"deep": [{"filepath": "x"}]}), Why.FILE),
        (LAMBDA, Why.CODE),
        (named(None, "keras>Lambda"), Why.CODE),
        ({"compile_config": LAMBDA}, Why.CODE),  # in what is no object Keras builds whatever it meets
        ({"class_name": "__lambda__", "config": {}}, Why.CODE),
    ],
)
def test_what_no_file_may_name(config: Json, why: Why) -> None:
    assert why in whys(config)
    assert why in whys({"class_name": "Sequential", "config": {"layers": [config]}})


def test_what_compile_was_given_counts_where_keras_builds_it() -> None:
    inner = {**named("keras", "Sequential"), "compile_config": {"loss": STRANGE, "metrics": [LAMBDA]}}
    assert whys(inner, compiled=False) == []  # of the model itself it does not
    assert whys(inner) == [Why.CODE]  # the user's own loss is not found, and that is all
    assert whys(named("keras", "Sequential", {"layers": [inner]}), compiled=False) == [Why.CODE]


def test_every_objection_names_its_place() -> None:
    where = {one.place for one in objections(named("keras", "Sequential", {"name": "s", "layers": [LAMBDA]}))}
    assert where == {"odd"}


def with_group(path: Path, links: Mapping[str, Json]) -> str:
    with h5py.File(path, "w") as file:
        file.attrs["model_config"] = '{"class_name": "Sequential", "config": {"layers": []}}'
        kept = file.create_group("model_weights")
        for name, link in links.items():
            kept[name] = link
    return str(path)


@pytest.mark.parametrize("link", [h5py.SoftLink("/elsewhere"), h5py.ExternalLink("other.h5", "/x")])
def test_a_link_in_a_group_that_no_layer_owns_is_seen(link: Json, tmp_path: Path) -> None:
    with pytest.raises(Refused, match="kept in another place or file"):
        guard(with_group(tmp_path / "m.h5", {"plain": [1.0], "stray": link}), {})


def test_a_group_that_holds_itself_has_an_end(tmp_path: Path) -> None:
    path = with_group(tmp_path / "m.h5", {"plain": [1.0]})
    with h5py.File(path, "a") as file:
        file["model_weights/again"] = file["model_weights"]
    guard(path, {})
