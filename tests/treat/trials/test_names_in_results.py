"""What treat says of a model and data with names that would steer a terminal."""

from pathlib import Path

import keras
import pytest
from named_models import archive, two_dense
from report_cases import HOSTILE

from mlpdoctor.core.errors import UsageError, legible
from mlpdoctor.core.report_model import legible_parts
from mlpdoctor.diagnosis.question import Question
from mlpdoctor.report import markdown as as_markdown
from mlpdoctor.report.json import report as as_json
from mlpdoctor.treat.trials.budget import Budget
from mlpdoctor.treat.trials.run_treat import Order, treat

pytestmark = pytest.mark.keras  # treat tries things in Keras

LAYER = HOSTILE.replace("/", "")


def test_every_text_of_a_result_is_legible(tmp_path: Path) -> None:
    model = archive(tmp_path / "m\x1b\n.keras", two_dense((LAYER, "dense_1"), LAYER))
    data = tmp_path / "d\u202e.csv"
    data.write_text("a\x1b[2J,b\n" + "".join(f"{row},{row * row % 7}\n" for row in range(20)))
    result = treat(Question(str(model), str(data)), Order(Budget(epochs=2), 1, ("A101",)))
    assert legible_parts(result) == result
    assert keras.Variable(0.0, name="own").path == "own", "a scope that TensorFlow refused was left open"
    assert any(legible(LAYER) in text for pair in result.untried for text in pair) or result.trials
    for text in (as_json.render_trials(result), as_markdown.render_trials(result)):
        assert all(line.isprintable() for line in text.split("\n"))


@pytest.mark.parametrize("force", [False, True])
def test_the_library_too_keeps_its_inputs(tmp_path: Path, force: bool) -> None:  # noqa: FBT001
    model = archive(tmp_path / "m.keras", two_dense(("a", "b")))
    (tmp_path / "link.keras").hardlink_to(model)
    order = Order(Budget(epochs=2), 1, output=str(tmp_path / "link.keras"), force=force)
    with pytest.raises(UsageError, match="is the model, which is read and must stay as it is"):
        treat(Question(str(model), "no.csv"), order)
