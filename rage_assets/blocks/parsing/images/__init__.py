"""Pictures of text, read by recognising characters."""
