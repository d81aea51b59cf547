"""The effects that ship, one file each."""
