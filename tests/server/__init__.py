"""Tests of the server: what stands before every route, on real processes where it is theirs."""
