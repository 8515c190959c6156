"""What the training history shows."""
