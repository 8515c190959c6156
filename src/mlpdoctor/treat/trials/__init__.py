"""Controlled training trials: a cause is proved when removing it removes the symptom.

The only folder beside the Keras engine that uses Keras, and only when a trial begins.
"""
