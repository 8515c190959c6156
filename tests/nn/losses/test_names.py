"""Which names mean which loss, and which mean none."""

import pytest

from mlpdoctor.nn.losses.registry import kind_of, known, why_not

STRANGE = "it is not one of Keras's own losses"


@pytest.mark.parametrize("name", ["", "squared", "my_loss", "mse_loss", "my_package>mse", "my_package>Dice"])
def test_other_names_mean_no_loss_of_keras(name: str) -> None:
    assert kind_of(name) is None
    assert why_not(name) == STRANGE


def test_no_two_losses_share_a_name_or_a_label() -> None:
    names = [name for loss in known() for name in loss.names]
    assert len(set(names)) == len(names)
    assert len({loss.label for loss in known()}) == len(known())
    assert all(name == name.lower().replace("_", "") for name in names)
