"""Style languages, one file or folder each."""
