"""Encryption at rest: keys that wrap keys, the format of encrypted bytes, and the life of a space's keys."""
