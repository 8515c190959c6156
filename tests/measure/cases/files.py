"""Saves a case as real files vary: archive or HDF5, CSV with or without header, NumPy, Parquet, names, order, dtype."""

import gzip
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from cases.kit import Kit, Table

WORDS = "age income rooms height weight speed price_index area distance load voltage ph".split()  # noqa: SIM905


@dataclass(frozen=True)
class Files:
    """Where a case lies, and what to tell mlpdoctor about it."""

    model: str
    data: str | None
    target: tuple[str, ...] | None = None


def save(kit: Kit, model: object, x: Table | None, y: Table | None, folder: Path) -> Files:
    """Write the model and its data in forms drawn by chance."""
    path = folder / f"model.{kit.pick('keras', 'keras', 'h5')}"
    model.save(path)  # type: ignore[attr-defined]
    if x is None or y is None:
        return Files(str(path), None)
    x = _dtype(kit, x)
    y = np.asarray(y)
    whole = bool(np.isfinite(y).all()) and bool((y == np.round(y)).all())
    y = y.astype(kit.pick(np.int64, np.int32, np.float32)) if whole and np.abs(y).max() < 1e6 else _dtype(kit, y)
    form = kit.pick("csv", "csv", "csv", "npz", "npz", *(("parquet",) if kit.is_3 else ()))
    if form == "npz":
        data = folder / "data.npz"
        names = kit.pick(("x", "y"), ("X_train", "y_train"), ("features", "labels"), ("arr_0", "arr_1"))
        arrays: dict[str, Any] = {names[0]: x, names[1]: y}
        np.savez(data, **arrays)
        return Files(str(path), str(data))
    return _table(kit, str(path), x, y.reshape(len(y), -1), folder, form)


def _dtype(kit: Kit, table: Table) -> Table:
    return np.asarray(table, dtype=kit.pick(np.float32, np.float64))


def _table(kit: Kit, model: str, x: Table, y: Table, folder: Path, form: str) -> Files:
    many = y.shape[1] > 1
    words = len(WORDS) >= x.shape[1] and kit.chance(0.3)
    features = WORDS[: x.shape[1]] if words else [f"x{k + 1}" for k in range(x.shape[1])]
    header = form == "parquet" or kit.chance(0.75)
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

        pq.write_table(pa.table(dict(zip(names, columns, strict=True))), data := folder / "data.parquet")
        return Files(model, str(data), told)
    separator = kit.pick(",", ",", ";", "\t")
    lines = [separator.join(names)] if header else []
    lines += [separator.join(map(_cell, row)) for row in zip(*columns, strict=True)]
    text = ("\n".join(lines) + "\n").encode()
    data = folder / kit.pick("data.csv", "data.csv", "data.csv.gz" if separator == "," else "data.csv")
    data.write_bytes(gzip.compress(text, mtime=0) if data.suffix == ".gz" else text)
    return Files(model, str(data), told)


def _cell(value: np.generic) -> str:
    """A number as pandas writes it: the shortest text that reads back the same; nothing where it is missing."""
    if np.isnan(value):
        return ""
    return str(value)
