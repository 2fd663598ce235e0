"""Raw sources: what is there, what differs from what is known, and its bytes in the object store."""
