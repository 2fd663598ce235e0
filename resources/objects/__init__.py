"""Raw bytes, kept by their content."""
