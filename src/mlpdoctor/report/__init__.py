"""Results written out: for people in a terminal or as Markdown, for programs as JSON, SARIF, JUnit or annotations."""
