"""Training histories made by Keras: as its CSVLogger writes them and as it prints them."""

import contextlib
import io
from pathlib import Path
from typing import Any

import keras
from logs import Curve


def fitted(
    folder: Path,
    model: Any,  # noqa: ANN401
    x: Curve,
    y: Curve,
    epochs: int,
    *callbacks: Any,  # noqa: ANN401
    console: bool = False,
    **options: Any,  # noqa: ANN401
) -> str:
    """Train a Keras model with a log of it, by a CSVLogger or as it is printed; the path of the log."""
    path = folder / ("history.txt" if console else "history.csv")
    logger = [] if console else [keras.callbacks.CSVLogger(str(path))]
    options = {"batch_size": 32, "verbose": 2 if console else 0, **options}
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        model.fit(x, y, epochs=epochs, callbacks=[*callbacks, *logger], **options)
    if console:
        path.write_text(out.getvalue())
    return str(path)
