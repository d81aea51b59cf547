"""Where pictures live: one device per file."""
