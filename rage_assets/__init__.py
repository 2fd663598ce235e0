"""WHAT exists: the assets of every stage with the stage's own domain code, their checks, partitions, jobs and schedules.

Imports `resources` only.
"""
