"""Rules about the training history: what the curve says that the saved model does not."""
