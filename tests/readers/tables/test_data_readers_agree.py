"""pyarrow's reader, NumPy's and the careful one read the same numbers, or complain in the same words."""

from pathlib import Path

import numpy as np
import pytest
from effort import examples
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mlpdoctor.core.dataset import Wanted
from mlpdoctor.core.errors import DataFileError
from mlpdoctor.readers.tables import arrow_files, delimited
from mlpdoctor.readers.tables.data import open_dataset

cells = st.one_of(
    st.integers(-999, 999).map(str),
    st.floats(allow_nan=False, allow_infinity=False).map(repr),
    st.sampled_from(
        ["", "NA", " ?", "-", "nan", "inf", "true", "FALSE", "+1", ".5", "5.", " 7 ", '"8"', '"1\n2"', "text"]
    ),
    st.sampled_from(["1_0", "1e400", "1e", "0x1", "1 2", "Infinity", "-NaN", "null", '""', "'1'", "1d5", "e5", "--1"]),
)


@pytest.mark.slow
@settings(deadline=None, max_examples=examples(400), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.lists(st.lists(cells, min_size=2, max_size=3), min_size=1, max_size=6),
    delimiter=st.sampled_from([",", ";", "\t", " "]),
    ends=st.sampled_from(["\n", "\r\n"]),
)
def test_all_readers_agree(rows: list[list[str]], delimiter: str, ends: str, tmp_path: Path) -> None:
    path = tmp_path / "data.csv"
    path.write_bytes(ends.join(delimiter.join(row) for row in [["a", "b"], ["1.5", "2.5"], *rows]).encode())
    answers = []
    for sample, with_pyarrow in ((1 << 17, True), (16, True), (16, False)):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(delimited, "SAMPLE", sample)
            patch.setattr(delimited, "FEWEST_LINES", 1000)
            patch.setattr(delimited, "PIECE", 32)
            patch.setattr(arrow_files, "is_installed", lambda there=with_pyarrow: there)
            answers.append(answer(path))
    assert answers[0] == answers[1] == answers[2]


def answer(path: Path) -> str:
    try:
        (batch,) = open_dataset(str(path), Wanted(None)).batches(1000)
    except DataFileError as error:
        return str(error)
    return repr(np.hstack([batch.features, batch.targets]).tolist())
