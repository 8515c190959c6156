"""A loss that takes long to compute is differenced along all arrays at once; the answers are the same."""

import numpy as np
import pytest
from hand_written import HandWritten

from mlpdoctor.gradcheck import measure
from mlpdoctor.gradcheck.check import gradcheck

MISTAKES = ({"slope-missing": 0}, {"bias-missing": 1}, {"sign": 0})


@pytest.fixture
def _no_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measure, "SECONDS", 0.0)


def network(seed: int, **options: object) -> HandWritten:
    sizes = [int(width) for width in np.random.default_rng(seed).integers(2, 9, 3)]
    return HandWritten(sizes, ["tanh", "linear"], "mse", rows=20, **options)  # type: ignore[arg-type]


@pytest.mark.usefixtures("_no_time")
@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("known", [True, False])
def test_a_right_gradient_is_right(seed: int, known: bool) -> None:  # noqa: FBT001
    asked = network(seed).asked()
    report = gradcheck(**asked if known else {**asked, "layers": None, "x": None, "y": None})
    assert report.right
    assert (report.network is not None) is known
    assert report.evaluations < 80


@pytest.mark.usefixtures("_no_time")
@pytest.mark.parametrize("mistakes", MISTAKES)
@pytest.mark.parametrize("known", [True, False])
def test_a_wrong_one_is_found_and_named(mistakes: dict[str, int], known: bool) -> None:  # noqa: FBT001
    asked = network(1, mistakes=mistakes).asked()
    report = gradcheck(**asked if known else {**asked, "layers": None, "x": None, "y": None})
    assert not report.right
    assert [one.kind for one in report.mistakes] == (list(mistakes) if known else [])


@pytest.mark.usefixtures("_no_time")
@pytest.mark.parametrize("place", range(4))
def test_one_array_alone_is_found(place: int) -> None:
    """An entry that is off by a tenth of its array's length, whatever the size of the other arrays."""
    net = network(2)
    asked = {**net.asked(), "layers": None, "x": None, "y": None}

    def gradients() -> list[np.ndarray]:
        slopes = net.gradients()
        slopes[place].reshape(-1)[0] += 0.1 * np.linalg.norm(slopes[place])
        return slopes

    report = gradcheck(**asked | {"gradients": gradients})
    assert [one.status.value for one in report.arrays] == ["wrong" if at == place else "ok" for at in range(4)]
