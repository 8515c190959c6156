"""No training gets below a proved floor, of any kind; and the attack means something, for it gets down to most of them.

An ordinary run attacks a few floors of each kind, ``--every`` some 240.
"""

import pytest
from below_the_floors import KINDS, Attack, attacked
from effort import EFFORT

ROUNDING = 1e-9
WHOLE, SAMPLE = 27, 3
"""Cases of each kind."""
FLOORS = 200
"""So many floors are attacked at least where all are."""


@pytest.fixture(scope="module")
def attacks() -> list[Attack]:
    number = WHOLE if EFFORT.every else SAMPLE
    return [found for kind in KINDS for seed in range(number) if (found := attacked(kind, seed)) is not None]


@pytest.mark.slow
def test_no_training_gets_below_a_proved_floor(attacks: list[Attack]) -> None:
    assert not [attack for attack in attacks if attack.reached < attack.floor - ROUNDING]


@pytest.mark.slow
def test_every_kind_of_floor_was_attacked(attacks: list[Attack]) -> None:
    assert {attack.kind for attack in attacks} == set(KINDS)
    assert len(attacks) >= (FLOORS if EFFORT.every else 2 * len(KINDS))


@pytest.mark.slow
def test_the_attack_gets_down_to_at_least_half_of_the_floors(attacks: list[Attack]) -> None:
    assert sum(attack.tight for attack in attacks) >= len(attacks) / 2
