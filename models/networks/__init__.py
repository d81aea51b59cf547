"""The networks: what they are (manifest.toml), how they are made (build.py) and where they lie."""
