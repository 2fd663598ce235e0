"""What the platform costs and how well it finds: `python -m benchmarks`."""
