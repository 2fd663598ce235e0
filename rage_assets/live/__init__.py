"""Live documents: publication, removal with its receipt, and clearing away what nobody refers to any more."""
