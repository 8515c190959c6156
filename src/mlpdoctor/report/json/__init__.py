"""Reports as JSON, with their schemas."""
