"""Every activation function of Keras, with the properties that the rules reason from."""

from mlpdoctor.nn.layers.activations.named import activation_of, named_activations, shape_after

__all__ = ["activation_of", "named_activations", "shape_after"]
