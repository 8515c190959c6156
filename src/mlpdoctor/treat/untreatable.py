"""Rules that no change of the model answers, and why."""

from collections.abc import Mapping
from types import MappingProxyType

REASONS: Mapping[str, str] = MappingProxyType(
    {
        "A106": "what was meant to lead where only its author knows; wire the graph anew",
        "D701": "the cells are in the file: fill or correct them, or leave the rows out, and check again",
        "D704": "a constant column teaches nothing and harms little; leave it out of the file",
        "D705": "columns that repeat one another slow training down and keep no loss; drop some of them",
        "D706": "repeated rows belong to the file; whether they should count twice only their owner knows",
        "D707": "class weights are given to fit, not stored in a model; try class_weight in your own training",
        "D708": "a trial shuffles the rows for both sides, so that their order costs neither anything",
        "D709": "whether a far row is a mistake or the point only their owner knows; look at the rows named",
        "D710": "more rows are needed, and no change of the model makes them",
        "D711": "targets that are all the same leave nothing to learn",
        "D712": "a feature that gives the answer away makes the loss low, not high; decide whether it may be there",
        "G607": "to train on is what the control does; a faster rate or another optimizer is tried beside it",
        "H801": "the rung it stands on has a rule of its own, whose treatment is the one to try",
        "H802": "to train on is what the control does",
        "H805": "a trial is judged on the rows it trains on, where a model that memorises does well",
        "H807": "to train on is what the control does",
        "L501": "it says where the loss stands, not why; the causes named with it are treated",
        "L502": "it says where the loss stands, not why; the causes named with it are treated",
        "L503": "rows with equal inputs and different targets keep this loss whatever the model",
        "L504": "it says where the loss stands, not why; the causes named with it are treated",
        "L507": "there is nothing in these inputs for any model to learn, or nothing but a line",
        "L508": "the loss is as low as these data allow; there is nothing to cure",
        "O208": "a metric is only shown; the loss does not depend on it",
        "U403": "it says how the network behaves, not why; the causes named with it are treated",
        "W304": "a model that was never trained needs training, which is what the control gets",
        "G606": "it says that training rests, not why; fresh weights, another optimizer and another rate are tried",
    }
)
"""By code. Of a rule that describes rather than explains there may be treatments all the same: see ``symptoms``."""


def why_none(code: str) -> str | None:
    """Why no treatment takes the cause of this rule away; None where there is one."""
    return REASONS.get(code)
