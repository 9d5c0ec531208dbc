"""Changes the kernels in small ways, and runs their C++ test: `python -m mutation.kernels`.

One instruction set is compiled with the change, with few optimizations.
"""

from __future__ import annotations

import argparse
import concurrent.futures
import os
import queue
import shlex
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path

from mutation.kernel_mutants import KERNEL_MUTANTS, KernelMutant

ROOT = Path(__file__).parent.parent
KERNEL = Path("keras_xent", "ops", "kernel")
TESTS = Path("tests", "ops", "kernel")
_FLAGS = ["-O1", "-std=c++17", "-pthread", "-w", f"-I{KERNEL}", "-DKERAS_XENT_FEW_CASES"]
_SET_FLAGS = [
    *["-mavx2", "-mfma", "-mf16c", "-DKERAS_XENT_ISA=avx2", '-DKERAS_XENT_ISA_NAME="AVX2"'],
]
# There is no other instruction set.
_ONLY_SET = """
#include <string>
#include "base/instruction_set.h"
namespace keras_xent {
namespace avx2 { extern const InstructionSet kInstructionSet; }
const InstructionSet* UsableInstructionSet(int n) {
  return n == 0 ? &avx2::kInstructionSet : nullptr;
}
const InstructionSet& CurrentInstructionSet() { return avx2::kInstructionSet; }
bool SelectInstructionSet(const char* name) { return name == std::string("AVX2"); }
}
"""
_TIMEOUT = 900


class Build:
    """A copy of the kernels and their test, compiled."""

    def __init__(self, compiler: list[str], tree: Path) -> None:
        for folder in (KERNEL, TESTS):
            shutil.copytree(ROOT / folder, tree / folder)
        (tree / KERNEL / "base" / "instruction_set.cc").write_text(_ONLY_SET)
        self._compiler = compiler
        self._tree = tree
        found = [*(tree / KERNEL).glob("base/*.cc"), *(tree / TESTS).glob("*_test.cc")]
        self._sources = [
            *[KERNEL / "kernels.cc", TESTS / "main.cc"],
            *sorted(source.relative_to(tree) for source in found),
        ]
        self._includes = {source: self._included_by(source) for source in self._sources}

    def compile(self) -> None:
        """Compiles what has no object yet."""
        for source in self._sources:
            if not self._object(source).exists():
                self._run(source, "-c", str(source), "-o", str(self._object(source)))
        objects = [str(self._object(source)) for source in self._sources]
        self._run(None, *objects, "-o", "kernel_test")

    def failure(self) -> str:
        """The first check that fails, or nothing."""
        test = subprocess.Popen(
            ["stdbuf", "-oL", "timeout", str(_TIMEOUT), "./kernel_test"],
            cwd=self._tree,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        assert test.stdout
        for line in test.stdout:
            if line.startswith("FAILED"):
                os.killpg(test.pid, signal.SIGKILL)
                test.wait()
                return line.strip()
        return f"exit status {test.returncode}" if test.wait() else ""

    def noticed(self, mutant: KernelMutant) -> str:
        """The check that fails with the mutant, or nothing."""
        path = self._tree / KERNEL / mutant.path
        code = path.read_text()
        if code.count(mutant.old) != 1:
            raise ValueError(
                f"{mutant.path} has this {code.count(mutant.old)} times:\n{mutant.old}"
            )
        path.write_text(code.replace(mutant.old, mutant.new))
        self._forget(mutant.path)
        try:
            self.compile()
            return self.failure()
        except subprocess.CalledProcessError as error:
            raise ValueError(f"{mutant} doesn't compile:\n{error.stdout[-2000:]}") from None
        finally:
            path.write_text(code)
            self._forget(mutant.path)

    def _forget(self, changed: str) -> None:
        for source in self._sources:
            if str(KERNEL / changed) in self._includes[source]:
                self._object(source).unlink(missing_ok=True)

    def _included_by(self, source: Path) -> set[str]:
        listed = self._run(source, "-MM", str(source)).replace("\\\n", " ").split(":", 1)[1].split()
        return {os.path.normpath(name) for name in listed}

    def _object(self, source: Path) -> Path:
        return self._tree / "_".join(source.with_suffix(".o").parts)

    def _run(self, source: Path | None, *arguments: str) -> str:
        flags = [*_FLAGS, *(_SET_FLAGS if source == KERNEL / "kernels.cc" else [])]
        command = [*self._compiler, *flags, *arguments]
        return subprocess.run(
            command,
            cwd=self._tree,
            check=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        ).stdout


def main() -> None:
    """Runs the command."""
    parser = argparse.ArgumentParser(prog="python -m mutation.kernels", description=__doc__)
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    parser.add_argument("numbers", nargs="*", type=int, help="which of them; default: all")
    options = parser.parse_args()
    processes = options.processes
    left: queue.SimpleQueue[KernelMutant] = queue.SimpleQueue()
    chosen = [KERNEL_MUTANTS[number] for number in options.numbers] or KERNEL_MUTANTS
    for mutant in chosen:
        left.put(mutant)
    survivors: list[KernelMutant] = []

    def work(tree: Path) -> None:
        build = Build(shlex.split(os.environ.get("CXX", "c++")), tree)
        build.compile()
        failure = build.failure()
        if failure:
            raise RuntimeError(f"the test fails without a mutant: {failure}")
        while True:
            try:
                mutant = left.get_nowait()
            except queue.Empty:
                return
            failure = build.noticed(mutant)
            number = KERNEL_MUTANTS.index(mutant)
            print(f"{number} {mutant.path}: {failure[:120] or 'SURVIVED'}", flush=True)
            if not failure:
                survivors.append(mutant)

    with tempfile.TemporaryDirectory() as folder:
        trees = [Path(folder) / str(number) for number in range(processes)]
        with concurrent.futures.ThreadPoolExecutor(processes) as pool:
            list(pool.map(work, trees))
    print(f"{len(survivors)} of {len(chosen)} survived")
    for mutant in survivors:
        reason = mutant.why or "no reason is known"
        print(f"{mutant.path}: {reason}\n- {mutant.old}\n+ {mutant.new}")


if __name__ == "__main__":
    main()
