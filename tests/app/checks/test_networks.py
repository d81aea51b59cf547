import pytest

from app.checks import networks
from models.networks import listing


def test_all_files_are_intact_and_a_face_is_found() -> None:
    (files,) = networks.files()
    assert files.state == "good"
    assert "yunet.tflite" in files.detail
    assert listing.built_digests()["yunet.tflite"][:8] in files.detail
    (run,) = networks.run()
    assert run.state == "good"
    assert "face" in run.detail


def test_a_damaged_file_has_a_line_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    digests = listing.built_digests() | {"hand.tflite": "0" * 64}
    monkeypatch.setattr(listing, "built_digests", lambda: digests)
    damaged, rest = networks.files()
    assert (damaged.state, damaged.title) == ("bad", "hand.tflite")
    assert damaged.mend
    assert "hand.tflite" not in rest.detail


def test_a_file_that_cannot_be_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    from models import shared
    from models.errors import ModelUnavailable

    def refuse() -> None:
        raise ModelUnavailable("the network yunet is missing")

    monkeypatch.setattr(shared, "create_cpu_model", refuse)
    (run,) = networks.run()
    assert (run.state, run.detail) == ("bad", "the network yunet is missing")
