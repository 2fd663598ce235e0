"""Quality gates: Great Expectations suites over batches of measures, and what follows from a failure."""
