"""A notebook that a real Jupyter kernel executes shows the report as HTML. Skipped where Jupyter is not installed."""

from pathlib import Path

import pytest
from paths import FIXTURES, SOURCE

nbformat = pytest.importorskip("nbformat")
nbclient = pytest.importorskip("nbclient")
kernelspec = pytest.importorskip("ipykernel.kernelspec")

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]

FOLDER = FIXTURES / "three-points"
CELLS = (
    f"import sys; sys.path.insert(0, {str(SOURCE.parent)!r})\nimport mlpdoctor",
    f"mlpdoctor.check({str(FOLDER / 'model.keras')!r}, {str(FOLDER / 'data.csv')!r})",
    "mlpdoctor.explain('dead-relu')",
)


def test_a_kernel_shows_the_report_as_html(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kernelspec.install(prefix=str(tmp_path))
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path / "share" / "jupyter"))
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code) for code in CELLS])
    nbclient.NotebookClient(notebook, timeout=120, kernel_name="python3").execute()
    (shown,) = notebook.cells[1].outputs
    html = shown.data["text/html"]
    assert "The loss is stuck at 0.005676" in html
    assert "<script" not in html
    assert 'id="r-fit-0"' in html
    assert "stuck at 0.005676" in shown.data["text/plain"]
    (page,) = notebook.cells[2].outputs
    assert page.data["text/markdown"].startswith("# U401 dead-relu")
