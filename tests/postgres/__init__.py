"""The embedded server, migrations and transactions."""
