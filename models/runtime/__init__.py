"""Inference runtimes, one per file, behind the `Runtime` protocol of `models.runtime.base`."""
