"""Loss-based active learning (LASL): a module per question."""
