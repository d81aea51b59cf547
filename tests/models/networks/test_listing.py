from models.networks import FOLDER, listing


def test_every_network_of_the_manifest_is_in_place_and_intact():
    found = listing.problems()
    assert len(found) == len(listing.manifest()) > 0
    assert [problem for _file, problem in found if problem] == []


def test_every_network_names_source_and_licence():
    for entry in listing.manifest():
        assert entry["source"]
        assert entry["licence"]
        assert len(entry["sha256"]) == 64


def test_a_damaged_and_a_missing_file_are_told_apart(tmp_path, monkeypatch):
    for name in ("manifest.toml", "built.json"):
        (tmp_path / name).write_bytes((FOLDER / name).read_bytes())
    monkeypatch.setattr(listing, "FOLDER", tmp_path)
    (tmp_path / "yunet.tflite").write_bytes(b"damaged")
    found = dict(listing.problems())
    assert "not the one that was built" in found["yunet.tflite"]
    assert "missing" in found["palm.tflite"]
