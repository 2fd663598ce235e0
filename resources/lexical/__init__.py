"""The lexical tier: BM25 over words, and candidates for patterns. Derived from Postgres and rebuilt from it at will."""
