"""Where features enter the first learned layers."""

from mlpdoctor.fact import Absent, fact
from mlpdoctor.layers.doors import Door, doors
from mlpdoctor.lean import dataclass
from mlpdoctor.network import Network


@dataclass(frozen=True)
class Entrance:
    """The learned layers that no other learned layer comes before."""

    doors: tuple[Door, ...]


@fact
def entrance(network: Network) -> Entrance | Absent:
    """Follow each learned layer back to the inputs."""
    found = doors(network)
    return Entrance(found) if found else Absent("no learned layer sees the inputs directly", applicable=False)
