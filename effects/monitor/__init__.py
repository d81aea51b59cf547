"""The drowsiness monitor: a pure, time-based state machine over signals. Not an effect."""
