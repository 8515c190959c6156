"""Large arrays are given back to the system when they are freed, whatever was freed before."""

import platform
import subprocess
import sys

import pytest

PROGRAM = """
import numpy as np
from mlpdoctor.core.memory import give_back
def resident():
    return next(int(line.split()[1]) // 1024 for line in open("/proc/self/status") if line.startswith("VmRSS"))
assert give_back()
np.ones(3 << 20)  # 24 MiB, freed: from now on GNU's threshold would be as high
held = []
for _ in range(20):
    large = np.ones(1 << 20)
    held.append(np.ones(1000))  # on top of what is freed next
    del large
many = [np.ones(1 << 20) for _ in range(20)]
few, before = [np.ones(1000) for _ in range(20)], resident()
del many
print(before - resident())
"""


@pytest.mark.slow
@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="no other library has such a threshold")
def test_what_is_freed_is_given_back() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True)
    assert int(done.stdout) >= 150
