"""What the web is written in: HTML, XML and books made of them."""
