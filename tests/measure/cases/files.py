"""Saves a case as real files vary: archive or HDF5, CSV with or without header, NumPy, Parquet, names, order, dtype."""

import gzip
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from cases.kit import Case, Kit, Table

WORDS = "age income rooms height weight speed price_index area distance load voltage ph".split()  # noqa: SIM905


@dataclass(frozen=True)
class Files:
    """Where a case lies, and what to tell mlpdoctor about it."""

    model: str
    data: str | None
    target: tuple[str, ...] | None = None
    validation: str | None = None


def save(kit: Kit, case: Case, folder: Path) -> Files:
    """Write the model and its data in forms drawn by chance; a table where its columns have names."""
    path = folder / f"model.{kit.pick('keras', 'keras', 'h5')}"
    case.model.save(path)
    if case.x is None or case.y is None:
        return Files(str(path), None)
    x, y = _dtype(kit, case.x), np.asarray(case.y)
    whole = bool(np.isfinite(y).all()) and bool((y == np.round(y)).all())
    y = y.astype(kit.pick(np.int64, np.int32, np.float32)) if whole and np.abs(y).max() < 1e6 else _dtype(kit, y)
    form = kit.pick("csv", "csv", "csv", "npz", "npz", *(("parquet",) if kit.is_3 else ()))
    form = "csv" if case.names and form == "npz" else form
    if form == "npz":
        names = kit.pick(("x", "y"), ("X_train", "y_train"), ("features", "labels"), ("arr_0", "arr_1"))

        def arrays(data: Path, rows: slice) -> None:
            parts: dict[str, Any] = {names[0]: x[rows], names[1]: y[rows]}
            np.savez(data, **parts)

        return _written(str(path), len(x), case.apart, folder / "data.npz", None, arrays)
    return _table(kit, str(path), case, x, y.reshape(len(y), -1), folder, form)


def _written(
    model: str, rows: int, apart: int, data: Path, target: tuple[str, ...] | None, write: Callable[[Path, slice], None]
) -> Files:
    """The rows in one file, or the last of them in another."""
    write(data, slice(rows - apart))
    if not apart:
        return Files(model, str(data), target)
    other = data.with_name(data.name.replace("data", "validation"))
    write(other, slice(rows - apart, rows))
    return Files(model, str(data), target, str(other))


def _dtype(kit: Kit, table: Table) -> Table:
    return np.asarray(table, dtype=kit.pick(np.float32, np.float64))


def _table(kit: Kit, model: str, case: Case, x: Table, y: Table, folder: Path, form: str) -> Files:
    many = y.shape[1] > 1
    words = len(WORDS) >= x.shape[1] and kit.chance(0.3)
    features = WORDS[: x.shape[1]] if words else [f"x{k + 1}" for k in range(x.shape[1])]
    features = list(case.names) or features
    header = bool(case.names) or form == "parquet" or kit.chance(0.75)
    odd, first = header and kit.chance(0.25), header and kit.chance(0.25)
    base = kit.pick("outcome", "medv", "quality") if odd else kit.pick("y", "target", "label")
    targets = [f"{base}{k + 1}" for k in range(y.shape[1])] if many else [base]
    blocks = [(targets, y), (features, x)] if first else [(features, x), (targets, y)]
    names = [name for part, _ in blocks for name in part]
    columns = [column for _, block in blocks for column in block.T]
    told = tuple(targets) if first and (odd or many) else None
    if form == "parquet":
        import pyarrow as pa
        import pyarrow.parquet as pq

        def parquet(data: Path, rows: slice) -> None:
            pq.write_table(pa.table({name: one[rows] for name, one in zip(names, columns, strict=True)}), data)

        return _written(model, len(x), case.apart, folder / "data.parquet", told, parquet)
    separator = kit.pick(",", ",", ";", "\t")
    lines = [separator.join(map(_cell, row)) for row in zip(*columns, strict=True)]
    named = [separator.join(names)] if header else []

    def csv(data: Path, rows: slice) -> None:
        text = ("\n".join([*named, *lines[rows]]) + "\n").encode()
        data.write_bytes(gzip.compress(text, mtime=0) if data.suffix == ".gz" else text)

    data = folder / kit.pick("data.csv", "data.csv", "data.csv.gz" if separator == "," else "data.csv")
    return _written(model, len(x), case.apart, data, told, csv)


def _cell(value: np.generic) -> str:
    """A number as pandas writes it: the shortest text that reads back the same; nothing where it is missing."""
    if np.isnan(value):
        return ""
    return str(value)
