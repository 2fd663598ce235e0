"""Blocks: from bytes to ContentBlocks, and the gate that they pass."""
