"""Org: Emacs' outlines, notes and tasks."""
