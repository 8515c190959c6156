"""Which engine runs a network: NumPy wherever it can, Keras where it must."""

import time

from mlpdoctor.core.errors import InputError, UsageError
from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.network import Network
from mlpdoctor.engine.keras_start import INSTALL, NoKeras, missing
from mlpdoctor.engine.numpy_engine import NumpyEngine, UnsupportedLayer
from mlpdoctor.engine.passes import Engine, cells, open_width
from mlpdoctor.readers.models.keras_training import dealt

AUTO, NUMPY, KERAS = ENGINES = ("auto", "numpy", "keras")


MOST_IN_NUMPY, MOST_IN_KERAS = 1 << 24, 1 << 27
"""Numbers that all layers together may make of one row. A perceptron on photographs makes a hundredth of the first, a
segmenting network on 512 x 512 pixels the second; with more a single row would take a gigabyte."""


@dataclass(frozen=True, eq=False)
class Following:
    """How a network is to be followed.

    Attributes:
        engine: ``auto``, ``numpy`` or ``keras``.
        custom_objects: a Python file with the user's own layers, which is run; None for none.
        live: the Keras model, where it is in memory; it is copied and left alone. None for one that is in a file.
    """

    engine: str = AUTO
    custom_objects: str | None = None
    live: object = None


@dataclass(frozen=True, eq=False)
class Followed:
    """What came of it.

    Attributes:
        engine: None where nothing can run the network.
        network: as the engine knows it: Keras tells shapes, weights and the optimizer's state of every layer.
        obstacle: why not, for people.
        seconds: that starting Keras and loading the model through it took; None where NumPy does.
    """

    engine: Engine | None
    network: Network
    obstacle: str | None = None
    seconds: float | None = None


def in_numpy(network: Network) -> Followed:
    """The NumPy engine, or why it cannot follow."""
    if (reason := _too_wide(network, MOST_IN_NUMPY)) is not None:
        return Followed(None, network, reason)
    try:
        return Followed(NumpyEngine(network), network)
    except UnsupportedLayer as obstacle:
        return Followed(None, network, str(obstacle))


def follow(network: Network, how: Following) -> Followed:
    """The engine for a network.

    Raises:
        InputError: Keras was asked for by name, and cannot follow the network either.
    """
    plain = Followed(None, network) if how.engine == KERAS else in_numpy(network)
    if plain.engine is not None or how.engine == NUMPY:
        return plain
    if (reason := _too_wide(network, MOST_IN_KERAS)) is not None:
        return Followed(None, network, reason)
    started = time.perf_counter()
    lacking = missing()
    if lacking is not None and plain.obstacle is not None:
        how_to = f"; to have Keras follow it: {INSTALL}" if INSTALL in lacking else f"; Keras would, but {lacking}"
        return Followed(None, network, f"{plain.obstacle}{how_to}")
    try:
        from mlpdoctor.engine.keras_engine import KerasEngine
        from mlpdoctor.engine.user_code import custom_objects

        engine = KerasEngine.followed(network, custom_objects(how.custom_objects), how.live)
    except (NoKeras, UsageError):
        raise
    except InputError as obstacle:
        if plain.obstacle is None or how.custom_objects is not None:
            raise InputError(f"{network.file}: {obstacle}") from obstacle
        return Followed(None, network, f"{plain.obstacle}, and {obstacle}")
    return Followed(engine, dealt(engine.network, engine.trained), None, time.perf_counter() - started)


def _too_wide(network: Network, most: int) -> str | None:
    made = cells(network)
    if made <= most:
        return None
    widest = max(network.nodes, key=lambda node: open_width(node.shape))
    return (
        f"its layers make {made:,} numbers of each row, '{widest.layer.name}' alone {open_width(widest.shape):,}; "
        f"mlpdoctor runs rows through networks that make up to {most:,}"
    )
