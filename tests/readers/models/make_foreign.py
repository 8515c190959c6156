"""Makes the files of other libraries in ``foreign``: ``python tests/readers/models/make_foreign.py``.

Run once, with torch 2.13.0, onnx 1.23.2, onnxruntime 1.32.0, safetensors 0.8.0, scikit-learn 1.9.1, skl2onnx 1.20.0 and
Keras 3.15.1. The tests read what it wrote without these libraries.
"""

import json
import pickle
import sys
from pathlib import Path
from typing import Any

import numpy as np

FOLDER = Path(__file__).parent / "foreign"
sys.path.append(str(Path(__file__).parents[2] / "support"))
from foreign_models import (  # noqa: E402
    ROWS,
    computed,
    computed_of_ids,
    exported,
    exported_ids,
    recommenders,
    sklearn_models,
    torch_models,
)


def main() -> None:
    """Write all of them."""
    import joblib
    import keras
    import torch
    from safetensors.torch import save_file
    from skl2onnx import to_onnx

    FOLDER.mkdir(exist_ok=True)
    answers: dict[str, Any] = {"x": ROWS}

    def put(name: str, content: bytes) -> None:
        (FOLDER / f"{name}.onnx").write_bytes(content)
        answers[name] = computed(content)

    models, fitted = torch_models(), sklearn_models()
    for name in (
        "linear",
        "residual",
        "flat",
        "gelu",
        "silu",
        "mish",
        "leaky",
        "norm",
        "batch",
        "prelu",
        "softplus",
        "hardtanh",
    ):
        put(name, exported(models[name], new=False))
    for name, model in fitted.items():
        put(name, to_onnx(model, ROWS[:1]).SerializeToString())
    np.savez_compressed(FOLDER / "answers.npz", **answers)
    scores = {}
    for name, model in recommenders().items():
        content = exported_ids(model, new=False)
        (FOLDER / "ids" / f"{name}.onnx").write_bytes(content)
        scores[name] = computed_of_ids(content)
    np.savez_compressed(FOLDER / "ids" / "answers.npz", **scores)
    torch.save(models["linear"].state_dict(), FOLDER / "state.pt")
    torch.save(models["linear"].state_dict(), FOLDER / "old.pth", _use_new_zipfile_serialization=False)
    save_file(models["linear"].state_dict(), FOLDER / "linear.safetensors")
    joblib.dump(fitted["classifier"], FOLDER / "model.joblib", compress=3)
    (FOLDER / "model.pkl").write_bytes(pickle.dumps({"a": 1}))
    keras.utils.set_random_seed(0)
    hidden = [keras.layers.Dense(3, activation="tanh"), keras.layers.BatchNormalization()]
    model = keras.Sequential([keras.Input((2,)), *hidden, keras.layers.Dense(1)])
    model.compile("adam", "mse", jit_compile=False)
    model.save_weights(FOLDER / "only.weights.h5")
    model.save(FOLDER / "whole.keras")
    (FOLDER / "model.json").write_text(json.dumps(json.loads(model.to_json())), encoding="utf-8")


if __name__ == "__main__":
    main()
