"""What runs report, in short."""


def counts(report):
    """The counts of documents that are not zero."""
    return {name: value for name, value in report.documents.model_dump().items() if value}
