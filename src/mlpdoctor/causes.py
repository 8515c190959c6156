"""Which findings are consequences of which: data, so that a report shows a cause first and its effects below."""

CAUSES: dict[str, tuple[str, ...]] = {
    "A101": (),
    "A102": (),
    "D701": (),
    "D702": (),
    "L501": ("W301", "O201", "O204", "A101", "A102", "L505", "U401", "U403", "U402", "D702"),
    "L502": ("W301", "O201", "O204", "A102", "L505", "U401", "U402", "D702", "U403"),
    "L503": (),
    "L505": (),
    "O201": (),
    "O204": (),
    "U401": ("W301", "D702", "O204"),
    "U402": ("W301", "O204", "D702"),
    "U403": ("W301", "U401", "D702"),
    "W301": ("D701", "D702"),
    "W304": (),
}
"""For each rule, the rules that bring it about, the likeliest first. The first one present is named as its cause."""
