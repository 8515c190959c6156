"""Which losses read logits."""

from mlpdoctor.nn.losses.registry import known

CROSSENTROPIES = ("binary_crossentropy", "categorical_crossentropy", "sparse_categorical_crossentropy")


def test_no_other_loss_reads_logits() -> None:
    expected = {*CROSSENTROPIES, "binary_focal_crossentropy"}
    assert {loss.names[-1] for loss in known() if loss.reads_logits} == {name.replace("_", "") for name in expected} - {
        "binarycrossentropy"
    } | {"bce"}
