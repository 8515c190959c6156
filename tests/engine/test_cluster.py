"""A real Dask cluster reads the rows, and the report is that of one process, byte for byte."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest
from distributed import Client, LocalCluster
from hand_built import drawn, sequential

import mlpdoctor
from mlpdoctor.core import threads
from mlpdoctor.core.dataset import Batch, Dataset, Wanted
from mlpdoctor.core.errors import DataFileError, UsageError
from mlpdoctor.core.report_model import Report
from mlpdoctor.diagnosis import diagnose
from mlpdoctor.diagnosis.question import Question
from mlpdoctor.diagnosis.subject import Subject
from mlpdoctor.engine.cluster import SpreadDataset, checked, connected
from mlpdoctor.readers.tables.data import open_dataset
from mlpdoctor.report.json.report import as_object

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("default")]  # Dask's own

ROWS = 60_000
WANTED = Wanted(6, (1,))
NETWORK = drawn(sequential(6, (16, "relu"), (8, "relu"), (1, None)), 0)


@pytest.fixture(scope="module")
def client() -> Iterator[Any]:
    with (
        LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address="127.0.0.1:0") as cluster,
        Client(cluster) as one,
    ):
        yield one


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The same rows in a CSV file, and in two folders of Parquet that are parted differently."""
    folder = tmp_path_factory.mktemp("data")
    rng = np.random.default_rng(0)
    x = rng.normal(size=(ROWS, 6))
    x[20_000:20_200] = x[:200]
    y = np.sin(2 * x[:, 0]) + x[:, 1] + 0.1 * rng.normal(size=ROWS)
    table = pa.table([*x.T, y], names=[*"abcdef", "y"])
    pyarrow.csv.write_csv(table, folder / "rows.csv")
    for name, ends in (("few", (0, 35_000, ROWS)), ("many", (0, 5, 30_001, 30_002, 50_000, ROWS))):
        (folder / name).mkdir()
        for k, start in enumerate(ends[:-1]):
            pq.write_table(table[start : ends[k + 1]], folder / name / f"{k}.parquet", row_group_size=17_000)
    return {"csv": folder / "rows.csv", "few": folder / "few", "many": folder / "many"}


def told(report: Report) -> dict[str, Any]:
    """A report without what it took, and without how the files are called."""
    found: dict[str, Any] = json.loads(json.dumps(as_object(report)))
    del found["timing"]
    for name in ("path", "format"):
        del found["data"][name]
    for finding in found["findings"]:
        del finding["fingerprint"]
    return found


def answer(dataset: Dataset) -> dict[str, Any]:
    question = Question(model="model.keras", data="rows", quick=True)
    return told(diagnose.diagnose(question, subject=Subject(NETWORK, dataset, None, 0.0)))


def spread(path: Path, client: object) -> SpreadDataset:
    reopen = partial(open_dataset, str(path), WANTED)
    return SpreadDataset(reopen(), reopen, client)


def test_the_report_is_the_same_for_any_partitioning_and_any_number_of_workers(
    client: object, tables: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = answer(open_dataset(str(tables["csv"]), WANTED))
    assert wanted["data"]["rows"] == ROWS
    monkeypatch.setattr("mlpdoctor.readers.tables.delimited.SECTION", 1 << 20)
    assert len(spread(tables["csv"], client).sections()) > 4
    assert answer(open_dataset(str(tables["many"]), WANTED)) == wanted
    for name in ("csv", "many"):
        assert answer(spread(tables[name], client)) == wanted, name
    with connected(1) as alone:
        assert answer(spread(tables["few"], alone)) == wanted


def mortal(marker: Path, batch: Batch) -> float:
    """The sum of the features; the first process that comes to the middle dies of it."""
    if batch.first_row > ROWS // 2 and not marker.exists():
        marker.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return float(batch.features.sum())


def total(batch: Batch) -> float:
    return float(batch.features.sum())


def add(first: float, second: float) -> float:
    return first + second


def test_a_worker_that_is_killed_in_the_middle_costs_nothing_but_time(
    client: object, tables: dict[str, Path], tmp_path: Path
) -> None:
    path = tables["few"]
    wanted = threads.fold(open_dataset(str(path), WANTED), 1000, total, add)
    marker = tmp_path / "died"
    assert threads.fold(spread(path, client), 1000, by_value(partial(mortal, marker)), add) == wanted
    assert marker.exists()


def by_value(function: Callable[[Batch], float]) -> Callable[[Batch], float]:
    """Workers do not see this file."""
    import cloudpickle

    cloudpickle.register_pickle_by_value(sys.modules[__name__])
    return function


def test_a_broken_row_is_told_as_by_one_process(client: object, tmp_path: Path) -> None:
    lines = [f"{k},{k % 7},{k % 5}" for k in range(30_000)]
    lines[20_000] = "1,oops,2"
    path = tmp_path / "broken.csv"
    path.write_text("\n".join(["a,b,y", *lines, ""]), encoding="utf-8")
    wanted = Wanted(2, (1,))
    said = []
    reopen = partial(open_dataset, str(path), wanted)
    for dataset in (reopen(), SpreadDataset(reopen(), reopen, client)):
        with pytest.raises(DataFileError) as caught:
            threads.fold(dataset, 1000, by_value(total), add)
        said.append(str(caught.value))
    assert said[0] == said[1]
    assert ", line 20002: column 'b' holds text, 'oops'" in said[0]


def test_a_worker_without_mlpdoctor_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "bare.py").write_text("import sys\nsys.modules['mlpdoctor'] = None\n", encoding="utf-8")
    with LocalCluster(n_workers=0, dashboard_address="127.0.0.1:0") as cluster, Client(cluster) as client:
        with pytest.raises(UsageError, match="has no workers yet"):
            checked(client)
        words = ["worker", cluster.scheduler_address, "--no-nanny", "--no-dashboard", "--preload", "bare.py"]
        worker = subprocess.Popen(
            [sys.executable, "-m", "dask", *words], cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        try:
            client.wait_for_workers(1, timeout=30)
            with pytest.raises(UsageError) as caught:
                checked(client)
        finally:
            worker.terminate()
            worker.wait()
    said = str(caught.value)
    assert said.startswith("--cluster: mlpdoctor cannot be imported on the worker tcp://")
    assert said.endswith(f"install mlpdoctor {mlpdoctor.__version__} there")


def test_what_is_no_cluster_is_refused_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mlpdoctor.engine.cluster.PATIENCE", 1)
    for where in ("0", "many", "-2"):
        with (
            pytest.raises(UsageError, match=f"--cluster {where}: expected local, a number of workers, or"),
            connected(where),
        ):
            pass
    with pytest.raises(UsageError, match="no scheduler answers there"), connected("tcp://127.0.0.1:9"):
        pass
    with pytest.raises(UsageError, match="dict was given; expected a"), connected({}):
        pass


def test_rows_that_workers_cannot_read_are_refused(client: object) -> None:
    with pytest.raises(UsageError, match="give x as a path"):
        mlpdoctor.check("model.keras", np.zeros((3, 1)), np.zeros(3), cluster=client)
