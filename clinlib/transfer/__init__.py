"""Transfer: voting among taggers, and how similar two taggers are."""
