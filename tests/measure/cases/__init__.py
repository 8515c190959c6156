"""How often mlpdoctor finds what is wrong, and how often it cries wolf: patients and healthy models made at will.

``python tests/measure/recall.py`` builds them with real Keras training, asks mlpdoctor about each, and prints a table.
The makers were written from how users meet a fault, without a look at how the checks decide.
"""
