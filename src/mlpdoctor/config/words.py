"""The words that settings choose from, where nothing has to be imported for them: ``--help`` shows them."""

SEVERITIES = ("error", "warning", "note")
LEVELS = (*SEVERITIES, "never")
CERTAINTIES = ("proved", "tried", "measured", "estimated")
FORMS = ("terminal", "json", "sarif", "code-scanning", "junit", "github", "markdown")
"""A test holds these against the formats there are."""
ENGINES = ("auto", "numpy", "keras")
"""What may run a network; the same as in ``following``, which a test sees to."""
