"""False alarms on drivers who are awake: 20 of them drive 10 hours each. Takes some minutes on two cores.

python benchmarks/drowsiness_simulation.py [--drivers 20] [--hours 10] [--processes 2]
"""

import argparse
import multiprocessing
import sys
import time
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tests.effects.monitor.alert_driver import Tally, drive, habits


def main() -> int:
    """Drive, and print one line for each driver and the sums."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--drivers", type=int, default=20)
    parser.add_argument("--hours", type=float, default=10.0)
    parser.add_argument("--processes", type=int, default=2)
    arguments = parser.parse_args()
    began_s = time.monotonic()
    total = Tally()
    with multiprocessing.Pool(arguments.processes) as pool:
        runs = pool.imap(partial(drive, hours=arguments.hours), range(arguments.drivers))
        for seed, tally in enumerate(runs):
            who = habits(seed)
            print(f"driver {seed}: open {who.open_ear:.2f}, {who.fps:.0f} fps: {dict(tally.counts)}", flush=True)
            total.hours += tally.hours
            total.counts.update(tally.counts)
    hours = total.hours
    print(f"{hours:.0f} h in {time.monotonic() - began_s:.0f} s: {dict(total.counts)}")
    print(
        f"L3 {total.l3}; L2 from closures {total.l2_closures / hours:.3f}/h (limit 0.1), "
        f"from gaze {total.l2_gaze / hours:.3f}/h (limit 0.3)"
    )
    return int(total.l3 > 0 or total.l2_closures > 0.1 * hours or total.l2_gaze > 0.3 * hours)


if __name__ == "__main__":
    sys.exit(main())
