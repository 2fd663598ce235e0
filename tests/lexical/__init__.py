"""Tests of lexical."""
