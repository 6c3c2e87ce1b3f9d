"""The study of entity-aware adaptation in Dutch notes: methods and the errors they make."""
