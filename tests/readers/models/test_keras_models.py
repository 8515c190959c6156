"""Files of old versions of Keras."""

from pathlib import Path

import numpy as np
import pytest
from paths import FIXTURES

from mlpdoctor.engine.numpy_engine import NumpyEngine
from mlpdoctor.readers.models.model import read_network

LEGACY = FIXTURES / "legacy"


@pytest.mark.parametrize("told", sorted(LEGACY.glob("*.npz")), ids=lambda path: path.stem)
def test_files_of_old_tensorflow(told: Path) -> None:
    with np.load(told) as arrays:
        rows, expected = (arrays[name].reshape(len(arrays[name]), -1) for name in ("x", "y"))
    network = read_network(str(told.with_suffix("")))
    outputs = NumpyEngine(network).forward(rows.astype(np.float64))
    found = np.concatenate([output.reshape(len(output), -1) for output in outputs], axis=1)
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)
    assert all(layer.keras == 2 for layer in network.layers if layer.kind != "InputLayer")
