"""Models: encoders, heads, and the tagger that joins them."""
