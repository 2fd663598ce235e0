"""Source code, by function and class."""
