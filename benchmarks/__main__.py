"""Runs the benchmarks named on the command line, or all."""

import sys
from importlib import import_module
from pathlib import Path

ALL = sorted(path.stem.removeprefix("bench_") for path in Path(__file__).parent.glob("bench_*.py"))

wanted = sys.argv[1:] or ALL
if unknown := set(wanted) - set(ALL):
    raise SystemExit(f"no benchmark {', '.join(sorted(unknown))}; there are {', '.join(ALL)}")
for name in wanted:
    print(f"== {name}", flush=True)
    import_module(f"benchmarks.bench_{name}").main()
