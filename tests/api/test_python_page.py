"""The examples of ``mlpdoctor docs python`` run as they stand, and what their comments say is so."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from paths import ROOT

import mlpdoctor
from mlpdoctor.cli.manual import PAGES

pytestmark = [pytest.mark.keras, pytest.mark.slow, pytest.mark.filterwarnings("ignore::UserWarning")]

EXAMPLES = re.findall(
    r"^```python\n(.*?)^```$", (PAGES / "python.md").read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL
)
SAID: dict[str, dict[str, object]] = {
    "history=history": {"report.ok": False, "report.findings[0].code": "A101"},
    "MLPRegressor": {"report.fix": 'MLPRegressor(activation="tanh")'},
    "nn.Sequential(": {"report.fix": "nn.Linear(1, 10), nn.Tanh()"},
    "layers=": {"report.fix": "a1 = np.tanh(x @ W1 + b1)"},
    "Callback": {"callback.verdict is not None": True, "callback.report.errors[0].code": "A101"},
}
"""What examples leave behind, by a word in them."""


@pytest.mark.parametrize("example", EXAMPLES, ids=range(len(EXAMPLES)))
def test_an_example_runs_and_its_comments_are_true(example: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    names: dict[str, Any] = {}
    if "import torch" in example:
        pytest.importorskip("torch", reason="torch is not installed")
    exec(compile(example, "python.md", "exec"), names)  # noqa: S102  our own page
    for word, said in SAID.items():
        if word in example:
            assert {code: eval(code, names) for code in said} == said  # noqa: S307


def test_the_example_of_the_readme_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    import keras

    (example,) = re.findall(
        r"^```python\n(.*?)^```$", (ROOT / "README.md").read_text("utf-8"), re.MULTILINE | re.DOTALL
    )
    monkeypatch.chdir(ROOT)
    folder = Path("fixtures/healthy-linear")
    rows = np.loadtxt(folder / "data.csv", delimiter=",", skiprows=1)
    model = keras.models.load_model(folder / "model.keras")
    names = {
        "mlpdoctor": mlpdoctor,
        "model": model,
        "x": rows[:, :-1],
        "y": rows[:, -1],
        "history": {"loss": [0.5, 0.2]},
    }
    exec(compile(example, "README.md", "exec"), names)  # noqa: S102  our own page


def test_there_is_an_example_of_each() -> None:
    assert all(any(word in example for example in EXAMPLES) for word in SAID)
