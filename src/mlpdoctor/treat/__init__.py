"""Treatments, which are changes of a model as data, and trials: training with and without them."""
