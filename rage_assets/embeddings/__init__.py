"""Embeddings: passages, their vectors, and the gate that they pass."""
