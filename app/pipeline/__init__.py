"""Frames through the model and the effects: engine, threads, slots, timings."""
