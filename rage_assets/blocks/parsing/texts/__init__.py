"""Plain text and its markups, subtitles, notebooks and JSON."""
