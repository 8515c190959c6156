"""Makes cases in processes of their own and keeps them, outside the tree, for the next run.

``python -m cases.build`` with jobs as JSON lines on standard input is how Keras 2 makes its share.
"""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import traceback
import warnings
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from cases.files import save
from cases.kit import Kit
from cases.load import maker_of
from cases.logs import LoggedCase

KERAS_2 = Path(os.environ.get("MLPDOCTOR_KERAS_2", "/opt/dev/tf2.15.1/bin/python"))
"""A Python with Keras 2, for files as it writes them; without it Keras 3 makes all."""
OF_KERAS_2 = 10
"""One case in so many is made by Keras 2."""
CACHE = Path(tempfile.gettempdir()) / "mlpdoctor-patients"


@dataclass(frozen=True)
class Job:
    """One case to be made: by which maker, from which seed, in which version of Keras."""

    maker: str
    seed: int
    keras: int = 3


@dataclass(frozen=True)
class Built:
    """A case in the cache."""

    job: Job
    folder: str
    model: str = ""
    data: str | None = None
    validation: str | None = None
    target: tuple[str, ...] | None = None
    history: str | None = None
    words: str = ""
    aliases: dict[str, str] = field(default_factory=dict)
    leads: bool = True
    seconds: float = 0.0
    trouble: str | None = None
    """Why it could not be made."""


def job(name: str, seed: int) -> Job:
    """The job for a maker and a seed; one in ten goes to Keras 2 where there is one."""
    number = int(hashlib.sha256(f"{name}/{seed}".encode()).hexdigest()[:8], 16)
    older = number % OF_KERAS_2 == 0 and maker_of(name).keras_2 and KERAS_2.exists()
    return Job(name, seed, 2 if older else 3)


def folder_of(cache: Path, one: Job, versions: dict[int, str]) -> Path:
    """Where a case is kept: another source, seed or Keras is another case."""
    return cache / f"{one.maker}-{one.seed}-{maker_of(one.maker).print}-keras{versions[one.keras]}"


def build(jobs: Iterable[Job], cache: Path, processes: int) -> Iterator[Built]:
    """Make what is not there yet; the cases come in the order in which they are ready."""
    from importlib.metadata import version

    jobs = list(jobs)
    versions = {3: version("keras"), 2: "2"}
    places = {one: folder_of(cache, one, versions) for one in jobs}
    cache.mkdir(parents=True, exist_ok=True)
    missing = [one for one in jobs if not (places[one] / "case.json").exists()]
    for one in jobs:
        if one not in missing:
            yield _read(places[one])
    older = [one for one in missing if one.keras == 2]
    process = _start_keras_2([(one, places[one]) for one in older]) if older else None
    newer = [(one, str(places[one])) for one in missing if one.keras != 2]
    if newer:
        with get_context("spawn").Pool(processes, initializer=_quiet, maxtasksperchild=40) as pool:
            for done in pool.imap_unordered(_make, newer):
                yield _read(Path(done))
    if process is not None:
        process.wait()
        for one in older:
            yield (
                _read(places[one])
                if (places[one] / "case.json").exists()
                else Built(one, str(places[one]), trouble="Keras 2 stopped before it")
            )


def _start_keras_2(jobs: list[tuple[Job, Path]]) -> "subprocess.Popen[str]":
    lines = "\n".join(json.dumps([asdict(one), str(place)]) for one, place in jobs)
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
    process = subprocess.Popen(
        [str(KERAS_2), "-W", "ignore", "-m", "cases.build"],
        stdin=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env=environment,
    )
    if process.stdin is not None:
        process.stdin.write(lines)
        process.stdin.close()
    return process


def _quiet() -> None:
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    os.environ["CUDA_VISIBLE_DEVICES"] = "-1"
    os.environ["TF_ENABLE_ONEDNN_OPTS"] = "0"
    devnull = os.open(os.devnull, os.O_WRONLY)
    os.dup2(devnull, 2)
    warnings.simplefilter("ignore")
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)


def _make(task: tuple[Job, str]) -> str:
    """Make one case in this process; answers its folder."""
    import keras

    one, folder = task
    started = time.perf_counter()
    part = Path(folder + f".part{os.getpid()}")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    built: dict[str, Any] = {"job": asdict(one), "folder": folder}
    maker = maker_of(one.maker)
    try:
        keras.backend.clear_session()
        kit = Kit(keras, int(hashlib.sha256(f"{one.maker}/{one.seed}".encode()).hexdigest()[:8], 16))
        case = maker.make(kit)
        files = save(kit, case, part)
        if isinstance(case, LoggedCase):
            (part / case.named).write_text(case.log)
            built["history"] = case.named
        built |= {
            "model": Path(files.model).name,
            "data": None if files.data is None else Path(files.data).name,
            "validation": None if files.validation is None else Path(files.validation).name,
            "target": files.target,
            "words": case.words,
            "aliases": {**maker.aliases, **case.aliases},
            "leads": maker.leads and case.leads,
        }
    except Exception:  # noqa: BLE001 - a maker that fails is reported, not hidden
        built["trouble"] = traceback.format_exc(limit=-4)
    built["seconds"] = time.perf_counter() - started
    (part / "case.json").write_text(json.dumps(built))
    shutil.rmtree(folder, ignore_errors=True)
    part.rename(folder)
    return folder


def _read(folder: Path) -> Built:
    stored = json.loads((folder / "case.json").read_text())
    stored["job"] = Job(**stored["job"])
    if stored.get("target"):
        stored["target"] = tuple(stored["target"])
    for part in ("model", "data", "validation", "history"):
        if stored.get(part):
            stored[part] = str(folder / stored[part])
    return Built(**{**stored, "folder": str(folder)})


def _serve() -> None:
    _quiet()
    for line in sys.stdin:
        one, folder = json.loads(line)
        _make((Job(**one), folder))


if __name__ == "__main__":
    _serve()
