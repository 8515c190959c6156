"""Arrow arrays as NumPy arrays of float64.

pyarrow's own ``to_numpy`` imports pandas where it is installed, which takes longer than a file of a hundred
megabytes; so the two buffers of an array, its values and its bits of validity, are read as they lie in memory.
"""

from typing import Any

import numpy as np

from mlpdoctor.network import Array


def float64_values(values: Any) -> Array:  # noqa: ANN401 - pyarrow has no types
    """The values of an Arrow array of numbers or booleans: shape (length,), NaN where one is missing.

    Args:
        values: an array of a numeric, boolean, decimal or null type, or a dictionary of one.
    """
    import pyarrow as pa

    if not len(values) or pa.types.is_null(values.type):
        return np.full(len(values), np.nan)
    if pa.types.is_dictionary(values.type):
        values = values.dictionary_decode()
    if values.type != pa.float64():
        values = values.cast(pa.float64(), safe=False)
    validity, data = values.buffers()
    numbers = np.frombuffer(data, np.float64, len(values), values.offset * 8)
    if not values.null_count:
        return numbers
    bits = np.unpackbits(np.frombuffer(validity, np.uint8), bitorder="little")
    return np.where(bits[values.offset : values.offset + len(values)], numbers, np.nan)
