"""The outputs of the network with their losses, as a fact."""

from mlpdoctor.core.fact import Absent, fact
from mlpdoctor.core.network import Network
from mlpdoctor.engine.passes import Passes
from mlpdoctor.nn.heads import Heads, heads_of


@fact
def heads(network: Network, passes: Passes | None = None) -> Heads | Absent:
    """Build the loss of each output and say how they are added up."""
    return heads_of(network, None if passes is None else len(passes.dataset.target_names))
