"""Keras losses: what they measure and the best constant for each."""
