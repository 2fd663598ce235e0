"""Search and answers: candidates from every tier, checked against Postgres, fused, and shown with their evidence."""
