"""The lexical index: derived from Postgres, brought back to it whenever it differs."""
