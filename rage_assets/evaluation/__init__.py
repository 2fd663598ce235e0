"""Evaluation: how well each space is searched, by the night and after publications, and whether that has dropped."""
