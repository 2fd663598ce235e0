"""Documents, slides and sheets of office suites."""
