"""In Python: the functions of ``mlpdoctor``, the callback for ``fit``, and what holds a test suite to its models."""
