"""AsciiDoc, read as Asciidoctor reads it, without fetching what it includes."""
