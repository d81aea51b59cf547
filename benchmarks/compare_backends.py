"""Two backends over the same frames, in alternating blocks, as the window's comparison does it (key C).

    python benchmarks/compare_backends.py [INPUT] [--backends cpu,gpu] [--preset P] [-o OUT]

Prints the verdict and the table; `-o OUT` also writes OUT.csv and OUT.json.
"""

import argparse
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from app import bootstrap, live
from app.cli.options import backend_names
from app.pipeline.comparison import stage_names
from app.pipeline.comparison_files import to_csv, to_json
from app.pipeline.verdict import verdict

POLL_S = 0.2


def main() -> int:
    """Run one comparison; 1 where nothing could be compared."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("input", nargs="?", default="demo")
    parser.add_argument("--backends", type=backend_names, default=["cpu", "gpu"])
    parser.add_argument("--preset")
    parser.add_argument("-o", dest="out", type=Path)
    arguments = parser.parse_args()
    if len(arguments.backends) != 2:
        parser.error("--backends takes two, separated by a comma")
    source = bootstrap.open_source(arguments.input, live=False)
    info = source.info
    source.close()
    settings = bootstrap.command_settings(arguments.preset, [], "cpu")
    first, second = arguments.backends
    run = live.compare((first, second), settings, arguments.input, info)
    words = ""
    while run.result is None:
        if run.progress.words != words:
            words = run.progress.words
            print(f"{100 * run.progress.share:3.0f} %  {words}", file=sys.stderr)
        time.sleep(POLL_S)
    result = run.result
    if arguments.out is not None:
        arguments.out.with_name(f"{arguments.out.name}.csv").write_text(to_csv(result), encoding="utf-8")
        arguments.out.with_name(f"{arguments.out.name}.json").write_text(to_json(result), encoding="utf-8")
    found = verdict(result)
    print("\n".join((found.headline, *found.details, *(f"Note: {line}" for line in found.cautions))))
    for backend in result.runs:
        print(f"{backend.asked}: networks on {backend.networks_hardware}, picture on {backend.canvas_hardware}")
    print(f"{'stage':<22}" + "".join(f"{backend.asked + ' mean':>16}{'p95':>9}" for backend in result.runs) + "  ms")
    for stage in stage_names(result.runs):
        figures = [backend.stages.get(stage) for backend in result.runs]
        cells = (f"{each.mean_ms:>16.2f}{each.p95_ms:>9.2f}" if each else f"{'-':>16}{'-':>9}" for each in figures)
        print(f"{stage:<22}" + "".join(cells))
    return 0 if found.call is not None else 1


if __name__ == "__main__":
    sys.exit(main())
