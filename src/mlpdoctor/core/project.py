"""Where the project lives: the one place that holds its address.

**A placeholder.** The project has no public address yet. When it has one, write it here and in ``[project.urls]`` of
``pyproject.toml``, and run ``python tests/refresh.py``: a test holds the two and the manual together.
"""

REPOSITORY = "https://github.com/OWNER/mlpdoctor"
"""The address of the repository; ``OWNER`` is nobody's name."""
BRANCH = "main"
DOCS = f"{REPOSITORY}/blob/{BRANCH}/src/mlpdoctor/docs"
"""The folder of the manual, as a browser shows it."""


def rule_address(code: str, name: str) -> str:
    """The entry of a rule in the manual's page of rules: its heading there is ``A101 missing-nonlinearity``."""
    return f"{DOCS}/rules.md#{code.lower()}-{name}"
