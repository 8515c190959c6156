"""Padding: the steps of a sequence that are 0 in every row, because no row is so long."""

from collections.abc import Sequence

from mlpdoctor.core.check import Absent, fact
from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.finding import Remedy
from mlpdoctor.core.network import Network
from mlpdoctor.nn.layers.unsupported_layers import reads_a_sequence

SHARED = "the steps that are 0 in every row are padding: cut the sequences, and mask what is left of it, with "
BY_NUMBER, BY_VALUE = "mask_zero=True in the Embedding", "a Masking layer in front"


@dataclass(frozen=True)
class Sequences:
    """What enters is one sequence a row.

    Attributes:
        steps: its length.
        channels: numbers at each step.
        numbered: whether its steps are numbers of words, which an Embedding looks up.
    """

    steps: int
    channels: int
    numbered: bool

    def padded(self, still: Sequence[int]) -> Remedy | None:
        """What to do about features that are 0 in every row, where whole steps at one end are; else None."""
        constant = set(still)
        empty = [all(k * self.channels + c in constant for c in range(self.channels)) for k in range(self.steps)]
        kept = [step for step, void in enumerate(empty) if not void]
        if not kept or sum(empty) * self.channels != len(constant) or len(kept) != kept[-1] - kept[0] + 1:
            return None
        cut = f"{kept[0] or ''}:{kept[-1] + 1 if kept[-1] + 1 < self.steps else ''}"
        return Remedy(SHARED + (BY_NUMBER if self.numbered else BY_VALUE), f"x = x[:, {cut}]")


@fact
def sequences(network: Network) -> Sequences | Absent:
    """Look at what the input enters first."""
    if len(network.inputs) == 1 and (shape := network.nodes[network.inputs[0]].shape) and None not in shape:
        first = [node.layer for node in network.nodes if network.inputs[0] in node.sources]
        sizes = [size for size in shape if size is not None]
        if first and all(map(reads_a_sequence, first)) and len(sizes) <= 2:  # noqa: PLR2004  steps, channels
            numbered = any(layer.kind == "Embedding" for layer in first)
            return Sequences(sizes[0], sizes[1] if len(sizes) > 1 else 1, numbered)
    return Absent("what enters is no sequence", applicable=False)
