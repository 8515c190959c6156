"""What the file remembers: weights and optimizer state."""
