"""What holds a test suite to its models: it fails with the report, and keeps reports where it is asked to."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from paths import FIXTURES, SOURCE

import mlpdoctor
from mlpdoctor.testing import assert_trainable

STUCK, HEALTHY = FIXTURES / "three-points", FIXTURES / "healthy-linear"
SUITE = f"""
import pytest
from pathlib import Path

@pytest.mark.parametrize("name", ["three-points", "healthy-linear"])
def test_of_{{}}(name, assert_trainable):
    folder = Path({str(FIXTURES)!r}, name)
    assert_trainable(folder / "model.keras", folder / "data.csv")
    assert_trainable(folder / "model.keras")
"""


def test_a_stuck_model_fails_with_verdict_fix_and_ladder() -> None:
    with pytest.raises(AssertionError) as caught:
        assert_trainable(STUCK / "model.keras", STUCK / "data.csv")
    report = mlpdoctor.check(STUCK / "model.keras", STUCK / "data.csv")
    said = str(caught.value)
    assert said.startswith(report.verdict)
    assert f"fix: {report.fix}" in said
    assert "1 finding:\n  error A101 missing-nonlinearity: " in said
    assert all(rung.label in said for rung in report.ladder.values())


def test_a_healthy_model_passes_and_gives_its_report() -> None:
    assert assert_trainable(HEALTHY / "model.keras", HEALTHY / "data.csv").ok


def test_what_is_ignored_does_not_fail() -> None:
    data = STUCK / "model.keras", STUCK / "data.csv"
    assert assert_trainable(*data, ignore="A101").ok
    with pytest.raises(AssertionError, match="note D710"):
        assert_trainable(*data, ignore="A101", fail_on="note")


def test_a_severity_that_is_none_is_refused() -> None:
    with pytest.raises(mlpdoctor.InputError, match="expected 'error', 'warning' or 'note'"):
        assert_trainable(STUCK / "model.keras", fail_on="fatal")


def run(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """Run a suite of two files with the plugin, as a user does who has it installed."""
    for number in "12":
        (folder / f"test_{number}.py").write_text(SUITE.format(number), encoding="utf-8")
    plugins = ("-p", "mlpdoctor.api.pytest_plugin", "-p", "no:cacheprovider")
    variables = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTHONPATH": str(SOURCE.parent)}
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "--rootdir", str(folder), *plugins, *options],
        cwd=folder, env=variables, capture_output=True, text=True, check=False,
    )  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("workers", [(), ("-p", "xdist.plugin", "-n", "2")])
def test_reports_of_all_tests_are_kept(tmp_path: Path, workers: tuple[str, ...]) -> None:
    done = run(tmp_path, *workers, "--mlpdoctor-report", "kept")
    assert "2 failed, 2 passed" in done.stdout, done.stdout + done.stderr
    assert "The loss is stuck at 0.005676" in done.stdout
    kept = {path.name for path in (tmp_path / "kept").iterdir()}
    tests = [f"test_{n}.py-test_of_{n}-{name}" for n in "12" for name in ("three-points", "healthy-linear")]
    # The second call of a test is not reached where the first one fails.
    made = [*tests, *(f"{test}-2" for test in tests if "healthy" in test)]
    assert kept == {f"{name}{suffix}" for name in made for suffix in (".json", ".md")}
    whole = json.loads((tmp_path / "kept" / f"{tests[0]}.json").read_text(encoding="utf-8"))
    assert whole["findings"][0]["code"] == "A101"


def test_unused_the_plugin_loads_nothing() -> None:
    script = (
        "import sys, pytest; before = set(sys.modules); import mlpdoctor.api.pytest_plugin; "
        "print(sorted(name for name in set(sys.modules) - before))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "['mlpdoctor', 'mlpdoctor.api', 'mlpdoctor.api.pytest_plugin']"
