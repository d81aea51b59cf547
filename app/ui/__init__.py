"""The window: Qt only, no networks, no pixel libraries."""
