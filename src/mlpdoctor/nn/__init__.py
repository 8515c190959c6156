"""What Keras computes: layers, activations, losses, optimizers and initializers, and their traits."""
