"""Training that is logged as people log it: by a CSVLogger, or by what Keras prints."""

import contextlib
import io
import tempfile
from pathlib import Path
from typing import Any

from cases.kit import Kit, Model, Table

CSV, CONSOLE = "csv", "console"


def logged(
    kit: Kit,
    model: Model,
    x: Table,
    y: Table,
    epochs: int,
    *callbacks: Model,
    form: str | None = None,
    batch: int = 32,
    held_out: float = 0.0,
) -> tuple[str, str]:
    """Fit, and answer the log and a name for its file; the last of the rows are held out."""
    form = form or kit.pick(CSV, CSV, CONSOLE)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "log.csv"
        extra = [kit.keras.callbacks.CSVLogger(str(path))] if form == CSV else []
        options: dict[str, Any] = {"validation_split": held_out} if held_out else {}
        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            model.fit(
                x,
                y,
                batch_size=batch,
                epochs=epochs,
                verbose=0 if form == CSV else 2,
                callbacks=[*callbacks, *extra],
                **options,
            )
        if form == CSV:
            return path.read_text(), "history.csv"
        return out.getvalue(), "history.txt"


def network(kit: Kit, features: int, layers: list[Model], units: int, end: str | None) -> Model:
    """Hidden layers and an end."""
    return kit.stack(features, *layers, kit.dense(units, end))
