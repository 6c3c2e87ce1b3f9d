"""The studies of entity-aware adaptation in Dutch notes (IBD): one module per question."""
