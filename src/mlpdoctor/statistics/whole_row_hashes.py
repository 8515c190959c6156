"""Which rows may be copies of another, features and targets alike."""

from typing import Self

from mlpdoctor.hashing import hash_on
from mlpdoctor.statistics.row_hashes import RowHashes
from mlpdoctor.views import Rows


class WholeRowHashes(RowHashes):
    """Hashes of features and targets together; all else as for the features alone."""

    @classmethod
    def of(cls, view: Rows) -> Self:
        """Hash one batch."""
        return cls._kept(0, hash_on(view.hashes, view.targets))
