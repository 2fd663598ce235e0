"""Messages that the tests of mail share."""

from email.message import EmailMessage


def mail(text="Hello Bob,\n\nthe lake is open.\n", **headers: str) -> EmailMessage:
    """A message with a plain text; headers are given with `_` for `-`."""
    message = EmailMessage()
    given = {"From": "Ann <ann@lake.org>", "To": "bob@lake.org", "Subject": "The lake"}
    for name, value in (given | {name.replace("_", "-"): value for name, value in headers.items()}).items():
        message[name] = value
    message.set_content(text)
    return message


def raw(headers: str, body: str | bytes = "Hello.\n") -> bytes:
    """A message as it stands in a file; the headers may be wrong."""
    return headers.encode() + b"\n\n" + (body.encode() if isinstance(body, str) else body)
