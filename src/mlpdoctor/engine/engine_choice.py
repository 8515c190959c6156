"""Which engine runs a network: NumPy wherever it can, Keras where it must."""

import time

from mlpdoctor.core.errors import InputError, UsageError
from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.network import Network
from mlpdoctor.engine.keras_start import INSTALL, NoKeras, missing
from mlpdoctor.engine.numpy_engine import NumpyEngine, UnsupportedLayer
from mlpdoctor.engine.passes import Engine
from mlpdoctor.readers.models.keras_slots import dealt

AUTO, NUMPY, KERAS = ENGINES = ("auto", "numpy", "keras")


@dataclass(frozen=True, eq=False)
class Following:
    """How a network is to be followed.

    Attributes:
        engine: ``auto``, ``numpy`` or ``keras``.
        custom_objects: a Python file with the user's own layers, which is run; None for none.
    """

    engine: str = AUTO
    custom_objects: str | None = None


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
    started = time.perf_counter()
    lacking = missing()
    if lacking is not None and plain.obstacle is not None:
        how_to = f"; to have Keras follow it: {INSTALL}" if INSTALL in lacking else f"; Keras would, but {lacking}"
        return Followed(None, network, f"{plain.obstacle}{how_to}")
    try:
        from mlpdoctor.engine.custom_objects import custom_objects
        from mlpdoctor.engine.keras_engine import KerasEngine

        engine = KerasEngine.followed(network, custom_objects(how.custom_objects))
    except (NoKeras, UsageError):
        raise
    except InputError as obstacle:
        if plain.obstacle is None or how.custom_objects is not None:
            raise InputError(f"{network.file}: {obstacle}") from obstacle
        return Followed(None, network, f"{plain.obstacle}, and {obstacle}")
    return Followed(engine, dealt(engine.network, engine.trained), None, time.perf_counter() - started)
