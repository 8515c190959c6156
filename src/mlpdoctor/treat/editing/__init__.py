"""Changes of a saved model as data, carried out on copies and shown as lines of Keras code."""
