"""Mail: messages, their parts, and boxes full of them."""
