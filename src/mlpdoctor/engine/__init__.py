"""Runs rows through a network: the one pass, gradients, trial updates; in NumPy, or in Keras where it must."""
