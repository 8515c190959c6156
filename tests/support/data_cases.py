"""Data for tests: drawn, written to files of every kind, and the best straight line through them."""

from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

Table: TypeAlias = npt.NDArray[Any]


def columns(x: Table, y: Table) -> tuple[list[str], Table]:
    """Names ``x1, x2, ..., y`` (``x`` or ``y`` where there is one alone) and the table beside them."""
    blocks = {name: np.asarray(part, dtype=np.float64).reshape(len(part), -1) for name, part in (("x", x), ("y", y))}
    called = [f"{name}{k + 1}" if b.shape[1] > 1 else name for name, b in blocks.items() for k in range(b.shape[1])]
    return called, np.concatenate(list(blocks.values()), axis=1)


def save_data(path: Path, x: Table, y: Table, *, header: bool = True) -> str:
    """Write the data in the format that the suffix names, every float64 to its last digit."""
    names, table = columns(x, y)
    if path.suffix == ".npz":
        np.savez(path, x=x, y=y)
    elif path.suffix == ".parquet":
        pq.write_table(pa.table(dict(zip(names, table.T, strict=True))), path)
    else:
        np.savetxt(path, table, fmt="%.17g", delimiter=",", header=",".join(names) if header else "", comments="")
    return str(path)


def least_squares(x: Table, y: Table) -> float:
    """The least mean squared error of an affine function: a plain solve beside mlpdoctor's own machinery."""
    _, table = columns(x, y)
    width = np.asarray(x).reshape(len(x), -1).shape[1]
    design = np.column_stack([np.ones(len(table)), table[:, :width]])
    solution = np.linalg.lstsq(design, table[:, width:], rcond=None)[0]
    return float(np.square(table[:, width:] - design @ solution).mean())


def waves(rows: int, width: int, seed: int, noise: float = 0.05) -> tuple[Table, Table]:
    """Inputs between -1 and 1 with a smooth target that no line follows, though it has a linear part."""
    rng = np.random.default_rng(seed)
    x = rng.uniform(-1, 1, (rows, width))
    y = np.sin(3 * x[:, 0]) + np.square(x[:, -1]) + 0.5 * x.sum(axis=1) / width + noise * rng.normal(size=rows)
    return x, y[:, None]
