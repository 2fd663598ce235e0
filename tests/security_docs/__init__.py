"""What the pages on security, access and operations promise, compared with the code."""
