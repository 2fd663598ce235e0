"""The life of index versions."""
