"""Index versions: a second embedding model's passages, vectors and words of a space, made beside the live one's."""
