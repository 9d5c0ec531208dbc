#include <cstdio>
#include <cstring>
#include <utility>
#include <vector>

#include "testing.h"

namespace keras_xent {
namespace {

int passed = 0, failed = 0;

std::vector<std::pair<Runs, void (*)()>>& Tests() {
  static std::vector<std::pair<Runs, void (*)()>> tests;
  return tests;
}

void Run(Runs runs) {
  for (const auto& test : Tests()) {
    if (test.first == runs) test.second();
  }
}

}  // namespace

Registration::Registration(Runs runs, void (*test)()) { Tests().emplace_back(runs, test); }

void Check(bool condition, const std::string& what) {
  ++(condition ? passed : failed);
  if (!condition) std::printf("FAILED: %s\n", what.c_str());
}

// `only` is the instruction set to run on, or null for all.
int Main(const char* only) {
  for (int n = 0; const InstructionSet* set = UsableInstructionSet(n); ++n) {
    if (only && std::strcmp(only, set->name) != 0) continue;
    Check(SelectInstructionSet(set->name), "a usable instruction set can be selected");
    Run(Runs::kOnEverySet);
  }
  Check(passed > 0, "there is an instruction set to run on");
  if (!only) {
    Check(!SelectInstructionSet("none"), "an unknown instruction set is refused");
    SelectInstructionSet(UsableInstructionSet(0)->name);
    Run(Runs::kOnce);
  }
  std::printf("%d passed, %d failed\n", passed, failed);
  return failed == 0 ? 0 : 1;
}

}  // namespace keras_xent

int main(int argc, char** argv) { return keras_xent::Main(argc > 1 ? argv[1] : nullptr); }
