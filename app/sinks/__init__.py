"""Where results go: one kind of sink per file."""
