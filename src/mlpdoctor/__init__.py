"""Says why a neural network's loss is stuck."""

__version__ = "0.1.0"
