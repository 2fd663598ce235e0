"""WHEN: what looks for new, changed and removed documents, what runs by the clock, and what tends failed runs.

Imports `rage_assets` and `resources`; each sensor is a thin shell around a pure function.
"""
