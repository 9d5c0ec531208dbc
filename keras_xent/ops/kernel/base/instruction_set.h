// Which of the compiled instruction sets this processor runs.
#ifndef KERAS_XENT_BASE_INSTRUCTION_SET_H_
#define KERAS_XENT_BASE_INSTRUCTION_SET_H_

namespace keras_xent {

struct Kernels;  // all that is compiled for an instruction set: see kernels.h

struct InstructionSet {
  const char* name;
  const Kernels* kernels;
};

// The widest one that this processor has, or the one SelectInstructionSet()
// chose.
const InstructionSet& CurrentInstructionSet();

// The n-th instruction set this processor can run, best first; null past the
// last.
const InstructionSet* UsableInstructionSet(int n);

// For tests and benchmarks: use the one of that name. False if this processor
// or this build lacks it.
bool SelectInstructionSet(const char* name);

}  // namespace keras_xent

#endif  // KERAS_XENT_BASE_INSTRUCTION_SET_H_
