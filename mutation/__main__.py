"""Changes the code in small ways, and runs the tests of each change: `python -m mutation`.

A mutant that no test notices has survived: a test is missing, or the mutant does the same as the
code. If the folder survivors/ has a reason, it counts as explained and isn't printed. Mutants run
in a random order, so a run that ends early is a sample of all of them. The next run goes on where
it ended.
"""

from __future__ import annotations

import argparse
import concurrent.futures
import json
import os
import queue
import random
import tempfile
import time
from collections import Counter, defaultdict
from pathlib import Path
from typing import Iterable

from mutation.covering import Covering
from mutation.mutants import Mutant, mutants
from mutation.survivors import normal, reasons
from mutation.targets import own_tests
from mutation.worker import Worker

ROOT = Path(__file__).parent.parent
# How many tests run first, because they have noticed other mutants of the file.
_FIRST = 6
# How many seconds of tests a mutant must survive, the first time and with --again.
_SECONDS, _SECONDS_AGAIN = 10.0, 100.0


def main() -> None:
    """Runs the command."""
    parser = argparse.ArgumentParser(prog="python -m mutation", description=__doc__)
    parser.add_argument("files", nargs="*", help="default: all files in targets.py")
    parser.add_argument("--list", action="store_true", help="only print the mutants")
    parser.add_argument("--seconds", type=float, default=float("inf"), help="how long")
    parser.add_argument("--again", action="store_true", help="more tests, for those that survived")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    results = ROOT / "build" / "mutation" / "results.jsonl"
    parser.add_argument("--results", type=Path, default=results)
    options = parser.parse_args()

    own = own_tests(ROOT)
    found = [each for path in options.files or own for each in mutants(ROOT, path)]
    if options.list:
        for mutant in found:
            print(f"{mutant.name}, line {mutant.line}\n{mutant.change}")
        return
    options.results.parent.mkdir(parents=True, exist_ok=True)
    covering = Covering(ROOT, options.results.parent)
    before = _outcomes(options.results)
    # With --again those that survived, otherwise those that didn't run yet.
    wanted = "survived" if options.again else None
    left = [mutant for mutant in found if before.get(mutant.name) == wanted]
    random.Random(0).shuffle(left)
    print(f"{len(left)} of {len(found)} mutants", flush=True)
    session = _Session(covering, own, options.results, left, options.again, options.seconds)
    session.run(options.processes)
    outcomes = _outcomes(options.results)
    explained = reasons()
    counts: Counter[str] = Counter()
    for mutant in found:
        outcome = outcomes.get(mutant.name, "didn't run")
        if outcome == "survived" and (mutant.path, normal(mutant.change)) in explained:
            outcome = "survived, explained"
        elif outcome == "survived":
            print(f"{mutant.name}, line {mutant.line}\n{mutant.change}")
        counts[outcome] += 1
    print(dict(counts))


class _Session:
    """Mutants that several workers run, each of which takes the next one."""

    def __init__(
        self,
        covering: Covering,
        own: dict[str, list[str]],
        results: Path,
        left: Iterable[Mutant],
        again: bool,
        seconds: float,
    ) -> None:
        self._covering = covering
        self._own = own
        self._results = results
        self._again = again
        self._until = time.monotonic() + seconds
        self._queue: queue.SimpleQueue[Mutant] = queue.SimpleQueue()
        for mutant in left:
            self._queue.put(mutant)
        self._noticed_by: dict[str, Counter[str]] = defaultdict(Counter)

    def run(self, processes: int) -> None:
        with tempfile.TemporaryDirectory() as folder:
            workers = [Worker(ROOT, Path(folder) / str(number)) for number in range(processes)]
            with concurrent.futures.ThreadPoolExecutor(processes) as pool:
                list(pool.map(self._work, workers))
            for worker in workers:
                worker.close()

    def _work(self, worker: Worker) -> None:
        while time.monotonic() < self._until:
            try:
                mutant = self._queue.get_nowait()
            except queue.Empty:
                return
            result = worker.run(mutant, self._groups(mutant))
            if result["by"]:
                self._noticed_by[mutant.path][result["by"]] += 1
            with self._results.open("a", encoding="utf-8") as file:
                file.write(json.dumps(result) + "\n")

    def _groups(self, mutant: Mutant) -> list[list[str]]:
        own = self._own.get(mutant.path, [])
        seconds = _SECONDS_AGAIN if self._again else _SECONDS
        covering = self._covering.tests(mutant.path, mutant.line, own, seconds)
        if self._again:
            return [own, covering]
        first = [test for test, _ in self._noticed_by[mutant.path].most_common(_FIRST)]
        # Separate runs, because pytest needs seconds to find the tests of many files.
        own_covering = [test for test in covering if test.partition("::")[0] in own]
        return [first, own_covering, covering[len(own_covering) :]]


def _outcomes(results: Path) -> dict[str, str]:
    """The last outcome of each mutant."""
    if not results.exists():
        return {}
    lines = map(json.loads, results.read_text().splitlines())
    return {line["mutant"]: line["outcome"] for line in lines}


if __name__ == "__main__":
    main()
