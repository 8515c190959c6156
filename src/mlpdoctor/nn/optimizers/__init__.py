"""The optimizers of Keras: what the next update would do to the weights, exactly, from what the file remembers."""
