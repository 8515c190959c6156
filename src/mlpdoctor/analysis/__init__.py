"""Pure numerics: floors of the loss, curvature, training curves."""
