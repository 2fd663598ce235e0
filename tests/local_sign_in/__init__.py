"""Local users, API keys, and the one authenticator."""
