"""Experiments: configurations, keys, records, and the sweep that runs them."""
