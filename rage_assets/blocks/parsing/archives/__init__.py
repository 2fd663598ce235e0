"""Archives, opened with bounds."""
