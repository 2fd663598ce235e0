"""Asking for Dagster runs, without importing Dagster."""

from resources.dagster_client.launcher import RunLauncher

__all__ = ["RunLauncher"]
