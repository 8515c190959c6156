"""A model of tf_keras, which is Keras 2, in memory: read without the disk. In a process of its own, where installed."""

import importlib.util
import os
import subprocess
import sys

import pytest
from paths import ROOT, SOURCE

pytestmark = [
    pytest.mark.keras,
    pytest.mark.slow,
    pytest.mark.skipif(importlib.util.find_spec("tf_keras") is None, reason="tf_keras is not installed"),
]

SCRIPT = """
import numpy as np
import tf_keras

import mlpdoctor

x = np.linspace(-1, 1, 50)[:, None]
y = np.sin(3 * x)
model = tf_keras.Sequential([tf_keras.layers.Input((1,)), tf_keras.layers.Dense(10), tf_keras.layers.Dense(1)])
model.compile(tf_keras.optimizers.Adam(0.1), "mse")
history = model.fit(x, y, epochs=150, verbose=0)
before = [values.copy() for values in model.get_weights()]
report = mlpdoctor.check(model, x, y, history=history)
assert report.errors[0].code == "A101", str(report)
told = report.to_dict()["model"]
assert (told["format"], told["optimizer"], told["iterations"]) == ("Keras 2 model in memory", "Adam", 300), told
assert abs(report.ladder["model"].value - model.evaluate(x, y, verbose=0)) < 1e-6
assert "mlpdoctor.treat" not in str(report)
assert all((one == other).all() for one, other in zip(model.get_weights(), before))
try:
    mlpdoctor.treat(model, x, y)
except mlpdoctor.InputError as fault:
    assert "of tf_keras give the path of a saved one" in str(fault)
else:
    raise AssertionError


class Mine(tf_keras.layers.Layer):
    def call(self, given):
        return 2 * given


own = tf_keras.Sequential([tf_keras.layers.Input((1,)), Mine(), tf_keras.layers.Dense(1)])
own.compile("adam", "mse")
assert "of the kind Mine" in mlpdoctor.check(own, x, y).to_dict()["model"]["not_followed"]
print("as it should be")
"""


def test_a_model_of_tf_keras() -> None:
    path = os.pathsep.join([str(SOURCE.parent), *filter(None, [os.environ.get("PYTHONPATH")])])
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        cwd=ROOT, env={**os.environ, "PYTHONPATH": path}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.strip() == "as it should be"
