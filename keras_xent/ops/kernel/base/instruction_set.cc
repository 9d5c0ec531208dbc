#include "base/instruction_set.h"

#if defined(__x86_64__)
#include <cpuid.h>
#endif

#include <atomic>
#include <cstring>

namespace keras_xent {

#if defined(__x86_64__)
namespace avx512 {
extern const InstructionSet kInstructionSet;
}
namespace avx2 {
extern const InstructionSet kInstructionSet;
}
#endif
namespace baseline {
extern const InstructionSet kInstructionSet;
}

namespace {

// This also checks that the operating system saves the wide registers.
bool HasAvx512() {
#if defined(__x86_64__)
  return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
         __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
#else
  return false;
#endif
}

bool HasAvx2() {
#if defined(__x86_64__)
  // Clang 14's __builtin_cpu_supports() doesn't know F16C.
  unsigned eax, ebx, ecx = 0, edx;
  const bool has_f16c = __get_cpuid(1, &eax, &ebx, &ecx, &edx) && (ecx & bit_F16C);
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && has_f16c;
#else
  return false;
#endif
}

std::atomic<const InstructionSet*> selected{nullptr};

}  // namespace

const InstructionSet* UsableInstructionSet(int n) {
#if defined(__x86_64__)
  if (HasAvx512() && n-- == 0) return &avx512::kInstructionSet;
  if (HasAvx2() && n-- == 0) return &avx2::kInstructionSet;
#endif
  return n == 0 ? &baseline::kInstructionSet : nullptr;
}

const InstructionSet& CurrentInstructionSet() {
  const InstructionSet* current = selected.load(std::memory_order_acquire);
  if (!current) {
    current = UsableInstructionSet(0);
    selected.store(current, std::memory_order_release);
  }
  return *current;
}

bool SelectInstructionSet(const char* name) {
  for (int n = 0; const InstructionSet* usable = UsableInstructionSet(n); ++n) {
    if (std::strcmp(usable->name, name) == 0) {
      selected.store(usable, std::memory_order_release);
      return true;
    }
  }
  return false;
}

}  // namespace keras_xent
