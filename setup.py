"""Builds the native library. It links to TensorFlow by name, so the build needs no TensorFlow.

Metadata, dependencies and tool settings are in setup.cfg.
"""

from __future__ import annotations

import concurrent.futures
import configparser
import os
import platform
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import ClassVar, Dict, List, Tuple

from setuptools import Command, Extension, setup
from setuptools.command.bdist_wheel import bdist_wheel
from setuptools.command.build_ext import build_ext
from setuptools.errors import CompileError

KERNEL = Path("keras_xent", "ops", "kernel")
FLAGS = [
    *["-std=c++17", "-fPIC", "-fvisibility=hidden", "-pthread", "-Wall", "-Wextra"],
    f"-I{KERNEL}",
]
OPTIMIZED = ["-O3"]
# A sanitizer stops at the first error. With it, tests of many random cases run fewer of them. The
# pointer checks that are turned off take a third of the compile time, and AddressSanitizer finds
# such a pointer when it is used.
SANITIZED = [
    *["-O1", "-g", "-fno-sanitize-recover=all", "-fno-sanitize=null,object-size,pointer-overflow"],
    "-DKERAS_XENT_FEW_CASES",
]
# Vectors are passed only between inlined functions, so GCC's note about their calling convention
# doesn't matter. Some of GCC's AVX-512 intrinsics use undefined values on purpose (GCC 105593).
VECTOR_WARNINGS = [
    *["-Wno-psabi", "-Wno-uninitialized", "-Wno-maybe-uninitialized"],
    "-Wno-unknown-warning-option",  # Clang doesn't know the one before
]
# How kernels.cc is compiled, once for each: namespace, name, machine flags.
InstructionSet = Tuple[str, str, List[str]]
ON_X86_64 = platform.machine() == "x86_64"
BASELINE: InstructionSet = ("baseline", "SSE2" if ON_X86_64 else "baseline", [])
X86_64 = [
    ("avx2", "AVX2", ["-mavx2", "-mfma", "-mf16c"]),
    (
        "avx512",
        "AVX-512",
        [
            *["-mavx512f", "-mavx512bw", "-mavx512dq", "-mavx512vl", "-mfma"],
            # By default, GCC uses 256-bit vectors for AVX-512, which is a fifth slower here.
            "-mprefer-vector-width=512",
        ],
    ),
]
# For the kernels' test: vectors as wide as those of AVX-512, on any processor.
WIDE: InstructionSet = ("baseline", "64 bytes", ["-DKERAS_XENT_VECTOR_BYTES=64"])
VECTORS = KERNEL / "kernels.cc"
ARITHMETIC = sorted(KERNEL.glob("base/*.cc"))
TENSORFLOW = sorted(KERNEL.glob("tf/*.cc"))
# The libraries to link to by name. For each, we link an empty stand-in with these symbols in these
# versions. TensorFlow's stand-in has every symbol that is needed.
StandIns = Dict[str, Dict[str, List[str]]]
TENSORFLOW_ITSELF: StandIns = {"libtensorflow_framework.so.2": {}}
# The build machine's C library would bind these to its own, newer versions. These are the oldest,
# which every later C library has too, so our library also loads on older systems.
OLD_GLIBC: StandIns = {
    "libpthread.so.0": {
        "GLIBC_2.2.5": [
            *["__pthread_key_create", "pthread_create", "pthread_detach", "pthread_getspecific"],
            *["pthread_join", "pthread_key_create", "pthread_key_delete", "pthread_once"],
            "pthread_setspecific",
        ],
        "GLIBC_2.12": ["pthread_setname_np"],
    },
    "libm.so.6": {"GLIBC_2.2.5": ["exp"]},
}
# Newer C libraries use this variable to detect a single thread. TensorFlow has many.
MANY_THREADS = """
extern "C" __attribute__((visibility("hidden"))) char __libc_single_threaded;
char __libc_single_threaded = 0;
"""


def find_compiler() -> list[str] | None:
    """The C++ compiler's command: $CXX, or the first common one that exists."""
    if not sys.platform.startswith("linux"):
        return None
    chosen = os.environ.get("CXX")
    for command in [shlex.split(chosen)] if chosen else [["c++"], ["g++"], ["clang++"]]:
        if command and shutil.which(command[0]):
            return command
    return None


def run(command: list[str]) -> None:
    result = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if result.returncode:
        raise CompileError(f"{shlex.join(command)}\n{result.stdout}")
    if result.stdout.strip():
        print(result.stdout)


# A compilation: flags, source, object.
Job = Tuple[List[str], Path, Path]


def vectors_job(instruction_set: InstructionSet, build_dir: Path) -> Job:
    """Compiles kernels.cc for an instruction set."""
    namespace, name, machine_flags = instruction_set
    definitions = [f"-DKERAS_XENT_ISA={namespace}", f'-DKERAS_XENT_ISA_NAME="{name}"']
    flags = [*FLAGS, *machine_flags, *definitions, *VECTOR_WARNINGS]
    return flags, VECTORS, build_dir / f"kernels_{namespace}.o"


def compile_all(compiler: list[str], jobs: list[Job]) -> list[str]:
    """Compiles on all processors; returns the objects."""
    for _, _, output in jobs:
        output.parent.mkdir(parents=True, exist_ok=True)
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(lambda job: run([*compiler, *job[0], "-c", str(job[1]), "-o", str(job[2])]),
                      jobs))
    return [str(output) for _, _, output in jobs]


def compile_objects(compiler: list[str], sources: list[Path], build_dir: Path) -> list[str]:
    """Compiles the sources and kernels.cc for each instruction set; returns the objects."""
    jobs = [vectors_job(each, build_dir) for each in [BASELINE, *(X86_64 if ON_X86_64 else [])]]
    for source in sources:
        jobs.append((FLAGS, source, build_dir / f"{source.parent.name}_{source.stem}.o"))
    return compile_all(compiler, jobs)


def stand_in(compiler: list[str], name: str, versions: dict[str, list[str]], into: Path) -> str:
    """Links a library of this name with these symbols, all empty; returns its path."""
    symbols = [symbol for names in versions.values() for symbol in names]
    source, script, library = into / f"{name}.cc", into / f"{name}.map", into / name
    source.write_text("".join(f'extern "C" void {symbol}() {{}}\n' for symbol in symbols))
    script.write_text(
        "".join(f"{version} {{ {'; '.join(names)}; }};\n" for version, names in versions.items())
    )
    flags = ["-shared", "-fPIC", "-fno-builtin", "-nostdlib", f"-Wl,-soname,{name}"]
    if versions:
        flags.append(f"-Wl,--version-script={script}")
    run([*compiler, *flags, str(source), "-o", str(library)])
    return str(library)


def link_library(
    compiler: list[str], objects: list[str], build_dir: Path, library: Path, flags: list[str]
) -> None:
    """Links the library. It refers to TensorFlow's by name."""
    stand_ins = TENSORFLOW_ITSELF
    if ON_X86_64 and platform.libc_ver()[0] == "glibc":
        stand_ins = {**OLD_GLIBC, **stand_ins}
        source = build_dir / "many_threads.cc"
        source.write_text(MANY_THREADS)
        objects = [*objects, *compile_all(compiler, [(FLAGS, source, source.with_suffix(".o"))])]
    named = [stand_in(compiler, *each, build_dir) for each in stand_ins.items()]
    library.parent.mkdir(parents=True, exist_ok=True)
    command = [
        *[*compiler, *flags, "-shared", "-pthread"],
        f"-Wl,--version-script={KERNEL / 'exports.map'}",
        # Unused parts of the C++ runtime would require a newer C library than the used ones.
        "-Wl,--gc-sections",
        *objects,
        *["-Wl,--no-as-needed", *named, "-o", str(library)],
    ]
    try:
        # With the C++ runtime linked in, the library runs on every machine. The unwinder must match
        # the C library, so it is the system's, which TensorFlow has loaded.
        run([*command, "-static-libstdc++", "-shared-libgcc"])
    except CompileError:
        # Some distributions have no static C++ runtime: use the shared one of this machine.
        run(command)


class BuildNative(build_ext):
    """Builds the library. If that fails, TensorFlow's ops are used."""

    def build_extension(self, ext: Extension) -> None:
        compiler = find_compiler()
        assert compiler is not None, "ext_modules is empty without a compiler"
        build_dir = Path(self.build_temp)
        try:
            optimizing = [*compiler, *OPTIMIZED]
            objects = compile_objects(optimizing, [*ARITHMETIC, *TENSORFLOW], build_dir)
            library = Path(self.get_ext_fullpath(ext.name))
            link_library(compiler, objects, build_dir, library, ["-s"])
        except (CompileError, OSError) as error:
            print(f"keras_xent: {error}")
            print(PORTABLE_ONLY.format(reason=f"{compiler[0]} could not compile it (see above)"))
            raise CompileError("the native library") from error

    def get_ext_filename(self, fullname: str) -> str:
        return str(Path(*fullname.split("."))) + ".so"


class AnyPythonWheel(bdist_wheel):
    """The library doesn't use Python, so one wheel for a platform works with every version."""

    def get_tag(self) -> tuple[str, str, str]:
        python, abi, machine = super().get_tag()
        if self.root_is_pure:
            return python, abi, machine
        has_library = any(Path(self.bdist_dir).rglob("libkeras_xent.so"))
        return "py3", "none", machine if has_library else "any"


class KernelTest(Command):
    """Compiles the arithmetic without TensorFlow, and runs its C++ test."""

    description = "compile and run the C++ test of the kernels"
    user_options: ClassVar[list[tuple[str, str | None, str]]] = [
        ("sanitize=", None, "compile with these sanitizers: address,undefined or thread"),
        ("tests=", None, "run only these tests, for example threads,reduction"),
    ]

    def initialize_options(self) -> None:
        self.sanitize = ""
        self.tests = "*"

    def finalize_options(self) -> None:
        pass

    def run(self) -> None:
        folder = Path("tests", "ops", "kernel")
        sources = [folder / "main.cc"]
        for name in self.tests.split(","):
            sources += sorted(folder.glob(f"{name}_test.cc"))
        if self.sanitize:
            self.build_and_run(sources, Path("build", f"kernel_test_{self.sanitize}"))
            return
        objects = self.build_and_run(sources, Path("build", "kernel_test"))
        # Again with the wide vectors instead of the baseline, and only with these.
        build_dir = Path("build", "kernel_test_wide")
        wide = vectors_job(WIDE, build_dir)
        kept = [name for name in objects if Path(name).name != wide[2].name]
        self.link_and_run([*kept, *compile_all(self.compiler(), [wide])], build_dir, WIDE[1])

    def compiler(self) -> list[str]:
        compiler = find_compiler()
        if compiler is None:
            raise SystemExit("keras_xent: no C++ compiler found. Set CXX to choose one")
        if self.sanitize:
            return [*compiler, f"-fsanitize={self.sanitize}", *SANITIZED]
        return [*compiler, *OPTIMIZED]

    def build_and_run(self, sources: list[Path], build_dir: Path) -> list[str]:
        objects = compile_objects(self.compiler(), [*ARITHMETIC, *sources], build_dir)
        self.link_and_run(objects, build_dir)
        return objects

    def link_and_run(self, objects: list[str], build_dir: Path, *arguments: str) -> None:
        binary = build_dir / build_dir.name
        run([*self.compiler(), "-pthread", *objects, "-o", str(binary)])
        if subprocess.run([str(binary), *arguments]).returncode:
            raise SystemExit(1)


class LibraryTest(KernelTest):
    """Compiles the library with GCC's sanitizers, and runs the ops' tests with it."""

    description = "run the tests of the ops with the library under sanitizers, in TensorFlow"
    user_options: ClassVar[list[tuple[str, str | None, str]]] = [
        ("tests=", None, "pytest's arguments (default: @tests/library_test.txt)"),
    ]

    def initialize_options(self) -> None:
        super().initialize_options()
        self.sanitize = "address,undefined"
        self.tests = "@tests/library_test.txt"

    def run(self) -> None:
        # The tests run in a copy, because no other process can load a library under sanitizers.
        build_dir = Path("build", "library_test").resolve()
        copy = build_dir / "copy"
        shutil.rmtree(copy, ignore_errors=True)
        for folder in ["fuzz", "keras_xent", "keras_xent_cli", "tests"]:
            shutil.copytree(folder, copy / folder, ignore=shutil.ignore_patterns("*.so"))
        shutil.copy("setup.cfg", copy)
        objects = compile_objects(self.compiler(), [*ARITHMETIC, *TENSORFLOW], build_dir)
        compiler = find_compiler() or []
        library = copy / "keras_xent" / "ops" / "libkeras_xent.so"
        link_library(compiler, objects, build_dir, library, [f"-fsanitize={self.sanitize}"])
        environment = {
            **os.environ,
            "PYTHONPATH": str(copy),
            # The runtime must be there before anything allocates, and what throws exceptions too.
            "LD_PRELOAD": f"{self.file('libasan.so')} {self.file('libstdc++.so')}",
            # Python and TensorFlow leave thousands of blocks. kernel_test looks for our leaks.
            "ASAN_OPTIONS": "detect_leaks=0",
        }
        pytest = [sys.executable, "-m", "pytest", "-q", "--capture=sys", "-p", "no:cacheprovider"]
        command = [*pytest, *shlex.split(self.tests)]
        if subprocess.run(command, cwd=str(copy), env=environment).returncode:
            raise SystemExit(1)

    def file(self, name: str) -> str:
        """The path of one of the compiler's libraries."""
        command = [*(find_compiler() or []), f"-print-file-name={name}"]
        return subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout.strip()


class KernelFuzz(KernelTest):
    """Compiles the arithmetic without TensorFlow for libFuzzer, which clang has, and fuzzes it."""

    description = "fuzz the kernels with clang's libFuzzer, under sanitizers"
    user_options: ClassVar[list[tuple[str, str | None, str]]] = [
        ("seconds=", None, "how long (default: 20); 0 only runs the corpus"),
    ]

    def initialize_options(self) -> None:
        super().initialize_options()
        self.sanitize = "fuzzer,address,undefined"
        self.seconds = "20"

    def compiler(self) -> list[str]:
        if "clang" not in os.environ.get("CXX", ""):
            os.environ["CXX"] = "clang++"
        return super().compiler()

    def run(self) -> None:
        self.build_and_run([Path("fuzz", "kernels.cc")], Path("build", "kernel_fuzz"))

    def link_and_run(self, objects: list[str], build_dir: Path, *arguments: str) -> None:
        found = build_dir / "corpus"
        found.mkdir(exist_ok=True)
        limit = "-runs=0" if self.seconds == "0" else f"-max_total_time={self.seconds}"
        super().link_and_run(
            objects,
            build_dir,
            *[limit, "-timeout=120", "-max_len=4096", "-len_control=0", "-print_final_stats=1"],
            # Leaks are found at the end. Before, the memory that a worker keeps may look like one.
            "-detect_leaks=0",
            *[f"-artifact_prefix={build_dir}/", str(found), str(Path("fuzz", "corpus", "kernels"))],
        )


class KernelBenchmark(KernelTest):
    """Compiles the arithmetic without TensorFlow and times it."""

    description = "compile and run the C++ benchmark of the kernels"
    user_options: ClassVar[list[tuple[str, str | None, str]]] = []

    def run(self) -> None:
        self.build_and_run([Path("benchmarks", "kernel.cc")], Path("build", "kernel_benchmark"))


def long_description() -> str:
    """The README for the package's page, where the linked files don't exist.

    The links lead to the repository instead. Without its address, they become plain text.
    """
    config = configparser.ConfigParser(interpolation=None)
    config.read("setup.cfg", encoding="utf-8")
    urls = config.get("metadata", "project_urls", fallback="")
    repository = re.search(r"^Repository = (\S+)$", urls, re.MULTILINE)

    def outside(link: re.Match[str]) -> str:
        text, target = link.groups()
        return f"[{text}]({repository.group(1)}/blob/HEAD/{target})" if repository else text

    readme = Path("README.md").read_text(encoding="utf-8")
    return re.sub(r"\[([^\]]+)\]\((?!\w+:|#)([^)\s]+)\)", outside, readme)


PORTABLE_ONLY = (
    "keras_xent: built without the native library: {reason}. TensorFlow's ops will be used."
)
EXTENSION = Extension(
    "keras_xent.ops.libkeras_xent",
    sources=sorted(str(path) for path in KERNEL.rglob("*.cc")),
    depends=sorted(str(path) for path in [*KERNEL.rglob("*.h"), KERNEL / "exports.map"]),
    optional=True,
)

if find_compiler() is None:
    reason = "there is no C++ compiler (set CXX to choose one)"
    if not sys.platform.startswith("linux"):
        reason = "it is built on Linux only"
    print(PORTABLE_ONLY.format(reason=reason))

setup(
    long_description=long_description(),
    ext_modules=[] if find_compiler() is None else [EXTENSION],
    cmdclass={
        "bdist_wheel": AnyPythonWheel,
        "build_ext": BuildNative,
        "kernel_benchmark": KernelBenchmark,
        "kernel_fuzz": KernelFuzz,
        "kernel_test": KernelTest,
        "library_test": LibraryTest,
    },
)
