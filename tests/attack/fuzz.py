"""Damages models, tables, logs and settings by a seed, has the command line read them, and prints what went wrong.

Run as a program: KIND FIRST NUMBER. Each input is a few random changes of an honest one, so that most get past the
first look at the file. A run ends with status 0, 1 or 2, in time, without a traceback and without a crashed check; it
starts no program, opens no connection, reads no file that an input names, and writes in its own folder alone.
"""

import contextlib
import gzip
import io
import json
import os
import random
import resource
import signal
import sys
import tempfile
import traceback
import zipfile
from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from mlpdoctor.cli.main import main as mlpdoctor

FIXTURES = Path(__file__).parents[2] / "fixtures"
MODELS = (
    "four-relu-sine/model.keras", "numpy-cosine/model.keras", "mostly-linear/model.keras",
    "healthy-batchnorm/model.keras", "healthy-activation-layers/model.keras",
    "healthy-normalization/model.keras", "healthy-two-heads/model.keras",
    "healthy-two-inputs/model.keras", "healthy-wide-and-deep/model.keras", "saturated-crossentropy/model.h5",
    "legacy/tf215-graph.h5", "legacy/tf215-norm.keras", "legacy/tf215-rmsprop.h5", "legacy/tf212-seq.keras",
)  # fmt: skip
SECONDS = 20
"""For one input, of the processor; an honest one takes a tenth of a second."""
EACH = 250
"""Inputs after which a long run says how far it is."""
Json = Any
Rng = random.Random

DECOY = "/etc/passwd"
"""A file that inputs name, and that nobody has a reason to open."""
VALUES: tuple[Json, ...] = (
    None, True, False, 0, 1, -1, 2, 7, 10**9, -(10**30), 1.5, 1e308, -0.0, float("nan"), float("inf"), "", "x", "None",
    "1", "nan", "relu", "a\nb", "\x1b[31m", "::error::x", "\u202e", "\ud800", [], [1], [[1, 2], [3]], {},
    {"value": "x"}, DECOY, {"class_name": "StringLookup", "config": {"vocabulary": DECOY}},
    {"class_name": "Dense", "config": {}}, {"class_name": "L2", "config": {"l2": []}},
    {"class_name": 3, "config": None},
    {"class_name": "__numpy__", "config": {"value": [1, 2]}}, "z" * 5000,
)  # fmt: skip


def places(config: Json) -> list[tuple[Json, Json]]:
    """Every container of a configuration with every key of it."""
    found: list[tuple[Json, Json]] = []
    waiting = [config]
    while waiting:
        one = waiting.pop()
        keys = list(one) if isinstance(one, dict) else range(len(one)) if isinstance(one, list) else ()
        for key in keys:
            found.append((one, key))
            waiting.append(one[key])
    return found


def changed(config: Json, rng: Rng) -> Json:
    """One to three values replaced, taken away, doubled, or by those of another place."""
    for _ in range(rng.randint(1, 3)):
        found = places(config)
        if not found:
            break
        owner, key = rng.choice(found)
        turn = rng.random()
        if turn < 0.6:
            owner[key] = deepcopy(rng.choice(VALUES))
        elif turn < 0.75:
            del owner[key]
        elif turn < 0.9:
            other, name = rng.choice(found)
            owner[key] = deepcopy(other[name])
        elif isinstance(owner, list):
            owner.insert(key, deepcopy(owner[key]))
    return config


def members(path: Path) -> dict[str, bytes]:
    """What an archive holds."""
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def packed(path: Path, parts: Mapping[str, bytes], method: int = zipfile.ZIP_STORED) -> Path:
    """An archive of these parts."""
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return path


def configured(folder: Path, rng: Rng) -> Path:
    """A model whose configuration is changed."""
    source = FIXTURES / rng.choice(MODELS)
    target = folder / f"m{source.suffix}"
    if zipfile.is_zipfile(source):
        parts = members(source)
        parts["config.json"] = json.dumps(changed(json.loads(parts["config.json"]), rng)).encode()
        return packed(target, parts)
    target.write_bytes(source.read_bytes())
    with h5py.File(target, "r+") as file:
        name = rng.choice([name for name in ("model_config", "training_config") if name in file.attrs])
        file.attrs[name] = json.dumps(changed(json.loads(file.attrs[name]), rng))
    return target


def weighed(folder: Path, rng: Rng) -> Path:
    """A model whose arrays are changed: values, shapes, kinds of numbers, names."""
    source = FIXTURES / rng.choice(MODELS)
    target = folder / f"m{source.suffix}"
    parts = members(source) if zipfile.is_zipfile(source) else {}
    content = io.BytesIO(parts.get("model.weights.h5", source.read_bytes()))
    with h5py.File(content, "r+") as file:
        names: list[str] = []
        file.visititems(lambda name, member: names.append(name) if isinstance(member, h5py.Dataset) else None)
        for name in rng.sample(names, min(rng.randint(1, 3), len(names))):
            old = file[name][()]
            del file[name]
            turn = rng.choice([0, 0, 0, 0, 1, 1, 2, 3, 4, 5])
            new: Json = (
                np.full(np.shape(old), rng.choice([np.nan, np.inf, 1e200, -1e38, 0.0, 1e-300])),
                np.clip(old, -1e4, 1e4).astype(rng.choice(["f2", "f8", "i4", "u1", "c8", "?"])),
                np.zeros(rng.choice([(), (0,), (1,), (3, 2), (2, 3, 4), (40000,)])),
                np.array([b"text"] * 3),
                np.zeros(np.shape(old), dtype=[("a", "f4"), ("b", "i4")]),
                None,
            )[turn]
            if new is not None:
                file[name] = new
    if not parts:
        target.write_bytes(content.getvalue())
        return target
    return packed(target, parts | {"model.weights.h5": content.getvalue()})


def bitten(content: bytes, rng: Rng) -> bytes:
    """Bytes replaced, cut off, or put in."""
    data = bytearray(content)
    for _ in range(rng.choice([1, 1, 2, 8, 64])):
        place = rng.randrange(len(data) + 1)
        turn = rng.random()
        if turn < 0.7 and place < len(data):
            data[place] = rng.randrange(256)
        elif turn < 0.85:
            del data[place : place + rng.choice([1, 10, len(data)])]
        else:
            data[place:place] = rng.randbytes(rng.choice([1, 4, 100]))
    return bytes(data)


def gnawed(folder: Path, rng: Rng) -> Path:
    """A model file with some bytes changed, or an archive repacked with one member so changed."""
    source = FIXTURES / rng.choice(MODELS)
    target = folder / f"m{source.suffix}"
    if zipfile.is_zipfile(source) and rng.random() < 0.6:
        parts = members(source)
        name = rng.choice(list(parts))
        method = rng.choice([zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
        packed(target, parts | {name: bitten(parts[name], rng) if rng.random() < 0.7 else parts[name]}, method)
        if method != zipfile.ZIP_STORED:
            target.write_bytes(bitten(target.read_bytes(), rng))
        return target
    target.write_bytes(bitten(source.read_bytes(), rng))
    return target


CELLS = (
    "1", "-2.5", "1e30", "1e400", "1e-200", "nan", "", "NA", "inf", "x", "1,5", '"1', "0x10", "1_000", "\u0661", "\x00",
    "\x1b[2J",
    "TRUE", "2024-01-01", "9" * 400, "\ufeff1", " 3 ", "1;2", "-", "+", ".", "'",
)  # fmt: skip


def table(folder: Path, rng: Rng) -> Path:
    """A table of the seed's three columns or of others, of any kind, damaged or odd."""
    turn = rng.random()
    if turn < 0.5:
        width, end = rng.choice([1, 2, 2, 2, 3, 40]), rng.choice(["\n", "\r\n", "\r"])
        cut = rng.choice([",", ";", "\t", " ", "|"])
        odd = rng.choice([0.0, 0.02, 0.3])
        rows = [
            cut.join(rng.choice(CELLS) if rng.random() < odd else f"{rng.gauss(0, 1):.3g}" for _ in range(width))
            for _ in range(rng.choice([0, 1, 3, 30]))
        ]
        text = end.join([cut.join(f"c{k}" for k in range(width)), *rows])
        code = rng.choice(["utf-8", "utf-8", "utf-16", "utf-32", "latin-1"])
        content = text.encode(code, "replace")
        path = folder / rng.choice(["d.csv", "d.txt", "d.csv.gz"])
        content = bitten(content, rng) if rng.random() < 0.3 else content
        path.write_bytes(gzip.compress(content) if path.suffix == ".gz" and rng.random() < 0.8 else content)
        return path
    source = FIXTURES / rng.choice(
        ["mostly-linear/data.parquet", "numpy-cosine/data.npz", "four-relu-sine/data.csv.gz"]
    )
    path = folder / f"d{''.join(source.suffixes)}"
    path.write_bytes(bitten(source.read_bytes(), rng))
    return path


def log(folder: Path, rng: Rng) -> Path:
    """A training history: what Keras, pandas or a console writes, odd."""
    path = folder / rng.choice(["h.json", "h.csv", "h.log", "h.jsonl"])
    losses = [round(1 / (k + 1), 4) for k in range(rng.choice([0, 1, 5, 50]))]
    if path.suffix == ".json":
        text = json.dumps(changed({"loss": losses, "val_loss": losses[::-1], "lr": [0.1] * len(losses)}, rng))
    elif path.suffix == ".csv":
        text = "\n".join(["epoch,loss,val_loss", *(f"{k},{v},{rng.choice(CELLS)}" for k, v in enumerate(losses))])
    elif path.suffix == ".jsonl":
        text = "\n".join(json.dumps(changed({"epoch": k, "loss": v}, rng)) for k, v in enumerate(losses))
    else:
        text = "".join(f"Epoch {k}/9\n 8/8 - 0s - loss: {v} - lr: {rng.choice(CELLS)}\n" for k, v in enumerate(losses))
    path.write_bytes(
        bitten(text.encode("utf-8", "replace"), rng) if rng.random() < 0.4 else text.encode("utf-8", "replace")
    )
    return path


KEYS = (
    "select",
    "ignore",
    "format",
    "output",
    "engine",
    "target",
    "features",
    "fail-on",
    "history",
    "baseline",
    "loss",
    "x",
)


def settings(folder: Path, rng: Rng) -> Path:
    """A configuration file with odd keys, values and tables."""
    lines = ["[tool.mlpdoctor]"]
    shown = (
        "1",
        "true",
        '"x"',
        '["A101", 3]',
        '"\\u001b[1m"',
        "{a = 1}",
        "[]",
        '""',
        "2024-01-01",
        '"json"',
        '"../../up"',
    )
    lines += [f"{rng.choice(KEYS)} = {rng.choice(shown)}" for _ in range(rng.randint(1, 4))]
    if rng.random() < 0.3:
        lines += [
            f"[tool.mlpdoctor.{rng.choice(['per-model', 'x', 'models'])}]",
            f"{rng.choice(KEYS)} = {rng.choice(shown)}",
        ]
    path = folder / "pyproject.toml"
    text = "\n".join(lines).encode()
    path.write_bytes(bitten(text, rng) if rng.random() < 0.3 else text)
    return path


def honest_model(folder: Path) -> Path:
    """The first seed's."""
    path = folder / "m.keras"
    path.write_bytes((FIXTURES / "three-points/model.keras").read_bytes())
    return path


def honest_table(folder: Path, model: Path) -> Path:
    """Twelve rows of as many columns as the model takes, where that can be told."""
    from mlpdoctor.core.errors import InputError
    from mlpdoctor.nn.heads import output_heads
    from mlpdoctor.readers.models.model import read_network

    width = 4
    with contextlib.suppress(InputError, Exception):
        network = read_network(str(model))
        width = (network.input_width or 3) + sum(head.columns for head in output_heads(network, None))
    rng = np.random.default_rng(0)
    rows = rng.integers(0, 2, (12, min(width, 200))) if rng.random() < 0.5 else rng.normal(size=(12, min(width, 200)))
    path = folder / "d.csv"
    np.savetxt(path, rows, fmt="%.4g", delimiter=",")
    return path


def arguments(kind: str, folder: Path, rng: Rng) -> list[str]:
    """The command line for one input."""
    makers: Mapping[str, Callable[[Path, Rng], Path]] = {
        "config": configured, "weights": weighed, "bytes": gnawed
    }  # fmt: skip
    if kind in makers:
        model = makers[kind](folder, rng)
        given = ["check", str(model), str(honest_table(folder, model)), "--engine", "numpy"]
    elif kind == "table":
        given = ["check", str(honest_model(folder)), str(table(folder, rng))]
    elif kind == "history":
        path = log(folder, rng)
        given = ["curve", str(path)] if rng.random() < 0.5 else [
            "check", str(honest_model(folder)), str(FIXTURES / "three-points/data.csv"), "--history", str(path)
        ]  # fmt: skip
    else:
        settings(folder, rng)
        given = ["check", str(honest_model(folder)), str(FIXTURES / "three-points/data.csv")]
    return [*given, "--format", rng.choice(["text", "json", "sarif", "junit", "markdown", "github"])]


KINDS = ("config", "weights", "bytes", "table", "history", "settings")


class Watch:
    """What Python itself is asked to open, start or connect to while an input is looked at."""

    def __init__(self) -> None:
        self.folder = ""
        self.seen: list[str] = []
        sys.addaudithook(self._hear)

    def _hear(self, event: str, given: tuple[Any, ...]) -> None:
        if not self.folder:
            return
        if event in ("os.system", "subprocess.Popen", "socket.connect", "os.exec", "os.posix_spawn"):
            self.seen.append(f"{event} {given}")
        if event == "open" and isinstance(given[0], str | bytes):
            path = os.path.realpath(os.fsdecode(given[0]))
            writes = given[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)
            inside = path.startswith(os.path.realpath(self.folder)) or path == os.devnull or "__pycache__" in path
            if path == DECOY or (writes and not inside):
                self.seen.append(f"open {path} {given[1:]}")


WATCH = Watch()


def faults(status: object, out: str, err: str) -> Iterator[str]:
    """What a run must not do."""
    yield from (f"outside: {one}" for one in WATCH.seen)
    if status not in (0, 1, 2):
        yield f"status {status}"
    for text in (out, err):
        for sign in ("Traceback", "this is a fault in mlpdoctor", " crashed: ", "Warning:"):
            if sign in text:
                yield f"{sign}: {text[text.index(sign) :][-600:]}"
    lines = [*out.splitlines(), *err.splitlines()]
    if any(not line.replace("\t", "").isprintable() for line in lines):
        yield f"control characters: {next(line for line in lines if not line.isprintable())[:200]!r}"
    if status == 2 and not out and len(err.splitlines()) != 1:
        yield f"more or less than one line: {err[:400]!r}"


class TooSlow(BaseException):
    """Nothing in the product catches it."""


def too_slow(*_: object) -> None:
    """The time of one input is over."""
    raise TooSlow


def run(given: list[str]) -> tuple[object, str, str]:
    """One run of the command line in this process."""
    out, err = (
        io.TextIOWrapper(io.BytesIO(), "utf-8", "surrogateescape"),
        io.TextIOWrapper(io.BytesIO(), "utf-8", "replace"),
    )
    sys.argv = ["mlpdoctor", *given]
    status: object = None
    WATCH.folder, WATCH.seen = tempfile.tempdir or "", []
    signal.setitimer(signal.ITIMER_VIRTUAL, SECONDS)
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            mlpdoctor()
    except SystemExit as end:
        status = end.code
    except TooSlow:
        status = f"more than {SECONDS} s: {traceback.format_exc()[-600:]}"
    except BaseException:  # noqa: BLE001  whatever escapes is what we look for
        status = traceback.format_exc()[-600:]
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        WATCH.folder = ""
    return status, written(out), written(err)


def written(stream: io.TextIOWrapper) -> str:
    """What a stream got; nothing where it was closed."""
    if stream.closed:
        return ""
    stream.flush()
    stream.seek(0)
    return stream.read()


def main(kind: str, first: int, number: int) -> None:
    """Try so many inputs of a kind."""
    signal.signal(signal.SIGVTALRM, too_slow)
    WATCH.folder = os.curdir
    Path(DECOY).read_bytes()
    assert WATCH.seen, "the watch sees nothing"
    found: dict[str, list[str]] = {}
    ended: dict[str, int] = {}
    for seed in range(first, first + number):
        with tempfile.TemporaryDirectory() as place:
            os.chdir(place)
            tempfile.tempdir = place  # where data that are packed are unpacked
            given = arguments(kind, Path(place), random.Random(f"{kind} {seed}"))  # noqa: S311
            status, out, err = run(given)
            os.chdir("/")
            tempfile.tempdir = None
            if status == 128 + signal.SIGTERM:  # meant for us: the command line ends in order where it is told to
                raise SystemExit(status)
            ended[str(status)[:20]] = ended.get(str(status)[:20], 0) + 1
            if (seed - first) % EACH == EACH - 1:
                sys.stderr.write(f"{kind}: {seed - first + 1} of {number}, {len(found)} faults\n")
            if wrong := list(faults(status, out, err)):
                found[f"{kind} {seed}"] = [" ".join(given), *wrong]
    print(json.dumps({"faults": found, "ended": ended, "peak": peak()}))  # noqa: T201


def peak() -> int:
    """The most memory that this process had at once, in MiB.

    Linux tells it of the program alone; what ``getrusage`` tells begins with what the process that started it had.
    """
    status = Path("/proc/self/status")
    if status.exists():
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM:"))
        return int(line.split()[1]) // 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
