"""``import mlpdoctor`` costs nothing, and each public name is there when it is asked for."""

import subprocess
import sys

import pytest

import mlpdoctor

MOST_SECONDS = 0.03
HEAVY = ("numpy", "keras", "tensorflow", "click", "rich", "typing", "h5py", "pyarrow")
SCRIPT = f"""
import sys, time
before, began = set(sys.modules), time.process_time()
import mlpdoctor
print(time.process_time() - began, *({set(HEAVY)!r} & (set(sys.modules) - before)))
"""


def test_importing_costs_nothing_and_loads_nothing() -> None:
    found = [
        subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True).stdout.split()
        for _ in range(3)
    ]
    assert min(float(seconds) for seconds, *_ in found) < MOST_SECONDS
    assert all(not loaded for _, *loaded in found)


@pytest.mark.parametrize("name", sorted(set(mlpdoctor.__all__) - {"__version__", "Callback"}))
def test_every_public_name_can_be_called_and_says_what_it_is(name: str) -> None:
    found = getattr(mlpdoctor, name)
    assert callable(found)
    assert found.__doc__
    assert name in dir(mlpdoctor)


def test_treat_can_be_called_though_it_is_a_room() -> None:
    import mlpdoctor.treat.trials.budget

    with pytest.raises(mlpdoctor.InputError, match="needs data"):
        mlpdoctor.treat("model.keras", None)


def test_other_names_are_not_there() -> None:
    with pytest.raises(AttributeError, match="no attribute 'chekc'"):
        mlpdoctor.chekc  # noqa: B018
