"""Bench: speed beside other libraries, in interleaved pairs, for the page 90_speed."""
