"""Readers of sources."""
