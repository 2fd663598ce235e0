"""Ranking: how much each tier counts in a space, learned from its own queries."""
