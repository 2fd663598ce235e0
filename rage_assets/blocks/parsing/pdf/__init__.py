"""PDF: pages to lines, lines to reading order, tables and headings."""
