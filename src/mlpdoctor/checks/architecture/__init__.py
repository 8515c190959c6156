"""The saved architecture alone."""
