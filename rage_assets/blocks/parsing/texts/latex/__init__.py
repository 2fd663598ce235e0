"""LaTeX, read for its words and structure; nothing is typeset, executed or included."""
