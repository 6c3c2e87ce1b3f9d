"""The claims of the four papers, held against the runs of the pages that ask their questions."""
