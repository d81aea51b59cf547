"""Fetches a whole file from a web server that cannot send parts of one.

An MP4 file whose index lies at its end, as most programs write it, can only be read by jumping; libav asks the server
for the part it needs, and simple servers send everything from the start instead.
"""

import http.client
import shutil
import tempfile
import urllib.request
from typing import IO


def whole_file_of(url: str, timeout_s: float) -> IO[bytes] | None:
    """An unnamed temporary file with all that `url` holds; None where it has no known end or cannot be fetched."""
    kept: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - the caller's to close
    try:
        with urllib.request.urlopen(url, timeout=timeout_s) as answer:
            if answer.headers.get("Content-Length") is not None:
                shutil.copyfileobj(answer, kept)
                kept.seek(0)
                return kept
    except (OSError, ValueError, http.client.HTTPException):
        pass
    kept.close()
    return None
