"""reStructuredText, read by docutils with everything off that reaches out of the document."""
