"""D704, with Keras: columns that never vary are listed; when none varies, there is nothing to learn from."""

from pathlib import Path

from model_cases import L, examined, only, stack, waves


def test_it_needs_no_loss_and_no_network_that_can_be_run(tmp_path: Path) -> None:
    x, y = waves(50, 4, seed=6)
    x[:, 0] = 0
    model = stack(4, L.Reshape((4, 1)), L.Conv1D(3, 2), L.Flatten(), L.Dense(1))
    assert "category" in only(examined(tmp_path, model, x, y, rules=("D704",)), "D704").evidence.why
