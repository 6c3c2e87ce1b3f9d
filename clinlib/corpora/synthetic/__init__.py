"""Synthetic corpora: generators whose every span says which mechanism made it."""
