"""The audit: who did what, when, from where, on what and with which outcome, in a chain that shows every alteration."""
