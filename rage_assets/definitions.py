"""What Dagster loads: everything in `build_defs`, with the platform's sensors."""

from rage_assets.build import build_defs

defs = build_defs()
