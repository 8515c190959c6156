"""Checks of family G: gradients, steps and curvature."""
