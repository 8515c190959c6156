"""What runs a network: NumPy, in float64."""
