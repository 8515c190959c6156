"""Live models, tensors and the callback on Keras's other backends, each in a process of its own, where installed.

JAX and torch are in no extra of mlpdoctor, for they are large; these tests are skipped without them.
"""

import importlib.util
import os
import subprocess
import sys

import pytest
from paths import ROOT, SOURCE

pytestmark = [pytest.mark.keras, pytest.mark.slow]

SCRIPT = """
import keras
import numpy as np

import mlpdoctor

rng = np.random.default_rng(0)
x = rng.normal(size=(100, 3)).astype("float32")
y = np.sin(3 * x[:, 0])


class Tanh(keras.layers.Layer):
    def call(self, given):
        return keras.ops.tanh(given)


def model(*layers):
    made = keras.Sequential([keras.Input((3,)), keras.layers.Dense(4), *layers, keras.layers.Dense(1)])
    made.compile(keras.optimizers.Adam(0.1), "mse")
    return made


stuck = model()
callback = mlpdoctor.Callback(x, y, on_stuck="stop", check_every=10)
stuck.fit(x, y, epochs=150, batch_size=100, verbose=0, callbacks=[callback])
assert callback.report.errors[0].code == "A101", str(callback.report)
assert callback.report.to_dict()["model"]["iterations"] == callback.report.to_dict()["history"]["epochs"]

for made in (stuck, model(Tanh())):
    tensors = keras.ops.convert_to_tensor(x), keras.ops.convert_to_tensor(y)
    found, expected = mlpdoctor.check(made, *tensors, quick=True), made.evaluate(x, y, verbose=0)
    assert abs(found.ladder["model"].value - expected) < 1e-4 * expected, (found.ladder, expected)
print("as it should be on", keras.backend.backend())
"""


@pytest.mark.parametrize("backend", ["tensorflow", "jax", "torch"])
def test_a_backend(backend: str) -> None:
    if importlib.util.find_spec(backend) is None:
        pytest.skip(f"{backend} is not installed")
    path = os.pathsep.join([str(SOURCE.parent), *filter(None, [os.environ.get("PYTHONPATH")])])
    variables = {**os.environ, "KERAS_BACKEND": backend, "PYTHONPATH": path}
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], cwd=ROOT, env=variables, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.strip() == f"as it should be on {backend}"
