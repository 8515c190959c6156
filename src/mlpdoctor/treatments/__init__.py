"""Treatments: what to change in a saved model so that a cause is gone, as data; one file each, found by looking."""
