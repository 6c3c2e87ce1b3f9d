"""Selection: which unlabelled text to learn from, and with which labels."""
