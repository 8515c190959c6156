"""Which engine is taken, and networks that none is let run: what one row costs is known before any row is read."""

import json
import time
from pathlib import Path

import pytest
from hostile_models import archive, dense, layer, sequential

from mlpdoctor.core.errors import ModelFileError
from mlpdoctor.engine.engine_choice import NUMPY, Following, follow, in_numpy
from mlpdoctor.readers.models.model import read_network


def repeated(folder: Path, times: int) -> str:
    """A file of a few hundred bytes whose layers make so many numbers of each row."""
    layers = [layer("RepeatVector", "repeat", n=times), layer("Flatten", "flat")]
    return str(archive(folder / "wide.keras", sequential(*layers, layer("Activation", "out", activation="relu"))))


def test_an_ordinary_network_is_run_in_numpy(tmp_path: Path) -> None:
    network = read_network(str(archive(tmp_path / "m.keras", sequential(dense()))))
    assert in_numpy(network).engine is not None


def test_a_row_of_a_hundred_thousand_numbers_is_run(tmp_path: Path) -> None:
    assert in_numpy(read_network(repeated(tmp_path, 100_000))).engine is not None


@pytest.mark.parametrize("engine", [NUMPY, "auto"])
def test_a_row_of_a_gigabyte_is_not(engine: str, tmp_path: Path) -> None:
    network = read_network(repeated(tmp_path, 1 << 27))
    started = time.process_time()
    followed = follow(network, Following(engine))
    assert time.process_time() - started < 1, "something was run"
    assert followed.engine is None
    assert followed.obstacle is not None
    assert "'flat' alone 134,217,728" in followed.obstacle or "'repeat' alone 134,217,728" in followed.obstacle


@pytest.mark.parametrize("times", [1 << 29, 10**10, 10**15])
def test_a_layer_that_no_network_has_is_a_damaged_file(times: int, tmp_path: Path) -> None:
    with pytest.raises(ModelFileError, match="numbers for each row") as told:
        read_network(repeated(tmp_path, times))
    assert f"{times:,}" in str(told.value)
    assert len(json.dumps(str(told.value))) < 300 + len(str(tmp_path))
