"""Every name of Keras's means a loss, and its options are Keras's."""

import keras
import pytest
from keras.src.losses import ALL_OBJECTS_DICT

from mlpdoctor.core.network import LossConfig
from mlpdoctor.nn.losses.loss import Loss
from mlpdoctor.nn.losses.registry import build, kind_of, known, why_not

OF_KERAS_2 = ("cosine_proximity", "huber_loss", "kullback_leibler_divergence", "logcosh", "log_cosh", "huber")
"""Further names in ``keras/src/losses.py`` of TensorFlow 2.15."""
NOT_BUILT = {
    "Loss",
    "LossFunctionWrapper",
    *("Dice", "dice", "Tversky", "tversky", "Circle", "circle", "CTC", "ctc"),
}
STRANGE = "it is not one of Keras's own losses"


@pytest.mark.parametrize("name", sorted({*ALL_OBJECTS_DICT, *OF_KERAS_2, "CategoricalGeneralizedCrossEntropy"}))
def test_every_name_that_keras_knows_is_built_or_has_a_reason(name: str) -> None:
    if name in NOT_BUILT or name == "CategoricalGeneralizedCrossEntropy":
        assert build(LossConfig(name)) is None
        assert why_not(name) != STRANGE
    else:
        assert build(LossConfig(name)) is not None


def test_a_class_and_its_function_are_the_same_loss() -> None:
    by_function: dict[object, set[type[Loss] | None]] = {}
    for name, thing in ALL_OBJECTS_DICT.items():
        if name in NOT_BUILT:
            continue
        function = thing().fn if isinstance(thing, type) else thing
        by_function.setdefault(function, set()).add(kind_of(name))
    assert all(len(kinds) == 1 for kinds in by_function.values())
    assert len(by_function) == len(known())
    assert {kind.__name__ for kinds in by_function.values() for kind in kinds if kind} <= set(dir(keras.losses))


def test_known_losses_of_keras_default_to_the_options_of_keras() -> None:
    for kind in known():
        theirs = getattr(keras.losses, kind.__name__)().get_config()
        ours, named = kind.of({}), kind.of(theirs)
        assert {key: getattr(ours, key) for key in kind.options()} == {
            key: getattr(named, key) for key in kind.options()
        }
