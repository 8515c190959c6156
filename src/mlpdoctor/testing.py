"""For test suites: ``from mlpdoctor.testing import assert_trainable``."""

from mlpdoctor.api.trainable import assert_trainable

__all__ = ["assert_trainable"]
