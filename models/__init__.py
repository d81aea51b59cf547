"""The shared face model: one `Perception` per frame for every effect and the monitor."""
