"""The Facet program: sources, pipeline, sinks, window and command line."""
