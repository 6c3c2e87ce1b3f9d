"""Training: one loop, and the objectives that plug into it."""
