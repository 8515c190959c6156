"""``--loss NAME:option=value``: the losses with their options, and what a file leaves open."""

import pytest

from mlpdoctor.core.errors import UsageError
from mlpdoctor.core.network import LossConfig
from mlpdoctor.nn.losses.registry import build, known, named


@pytest.mark.parametrize(
    ("text", "name", "options"),
    [
        ("mse", "mse", {}),
        ("huber:delta=0.1", "huber", {"delta": 0.1}),
        (
            "binary_crossentropy:from_logits=true,label_smoothing=0.1",
            "binary_crossentropy",
            {"from_logits": True, "label_smoothing": 0.1},
        ),
        ("categorical_focal_crossentropy:gamma=3", "categorical_focal_crossentropy", {"gamma": 3}),
    ],
)
def test_a_loss_is_named_with_its_options(text: str, name: str, options: dict[str, object]) -> None:
    config = named(text)
    assert config == LossConfig(name, options)
    loss = build(config)
    assert loss is not None
    assert {key: getattr(loss, key) for key in options} == options


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("nope", "these have one: binarycrossentropy"),
        ("mse:delta=1", "it has none"),
        ("huber:size=1", "it has huber:delta=1"),
        ("huber:delta", "it has huber:delta=1"),
        ("huber:delta=much", "takes a number"),
        ("huber:delta=-1", "has to be above 0"),
        ("huber:delta=nan", "takes a number"),
        ("huber:delta=inf", "takes a number"),
        ("huber:assumed=true", "it has huber:delta=1"),
        ("binary_crossentropy:from_logits=2", "from_logits takes true or false"),
    ],
)
def test_what_is_no_option_is_told_with_those_there_are(text: str, part: str) -> None:
    with pytest.raises(UsageError, match="--loss") as refused:
        named(text)
    assert part in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_delta_that_the_file_does_not_hold_is_said_to_be_assumed() -> None:
    """Keras 3 writes no delta; a loss given by its name alone has the usual one."""
    saved = build(LossConfig("Huber", {"name": "huber", "reduction": "sum_over_batch_size"}))
    assert saved is not None
    assert "assumed" in saved.told
    assert "huber:delta=" in saved.told
    for config in (LossConfig("huber"), LossConfig("Huber", {"delta": 1.0}), named("huber:delta=0.1")):
        found = build(config)
        assert found is not None
        assert "assumed" not in found.told
    assert build(named("huber:delta=0.1")) == build(LossConfig("Huber", {"name": "huber", "delta": 0.1}))


def test_all_options_can_be_given_by_what_they_usually_are() -> None:
    for kind in known():
        for key, usual in kind.options().items():
            value = str(usual).lower() if isinstance(usual, bool) else str(usual)
            assert build(named(f"{kind.names[0]}:{key}={value}")) == build(LossConfig(kind.names[0], {key: usual}))
