"""Pixel operations, one per file: a public function with its CPU and, later, its GPU code."""
