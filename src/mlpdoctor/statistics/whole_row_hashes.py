"""Which rows may be copies of another, features and targets alike."""

from typing import Self

import numpy as np

from mlpdoctor.statistics.row_hashes import RowHashes, hash_rows
from mlpdoctor.views import Rows


class WholeRowHashes(RowHashes):
    """Hashes of features and targets together; all else as for the features alone."""

    @classmethod
    def of(cls, view: Rows) -> Self:
        """Hash one batch."""
        return cls._kept(0, hash_rows(np.concatenate([view.features, view.targets], axis=1)))
