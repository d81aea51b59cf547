import json

from app.__main__ import main


def test_doctor_reports_and_ends_0_without_camera_or_display(tmp_path, capsys):
    out = tmp_path / "doctor.json"
    assert main(["doctor", "--json", str(out)]) == 0
    text = capsys.readouterr().out
    report = json.loads(out.read_text())
    topics = {line["topic"] for line in report["lines"]}
    assert {"library", "network", "face model", "codec", "camera", "display", "folder"} <= topics
    assert all(line["mend"] for line in report["lines"] if line["state"] == "bad")
    assert [line for line in report["lines"] if line["state"] == "bad"] == []
    assert "face model" in text
