"""The whole platform as its users meet it: over HTTP, by its commands, in the browser."""
