"""Evaluation: how well searches find, on judged queries, and whether one index version is worse than another."""
