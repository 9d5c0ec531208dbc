// Selects one of the compiled instruction sets that this processor can run.
#ifndef KERAS_XENT_BASE_INSTRUCTION_SET_H_
#define KERAS_XENT_BASE_INSTRUCTION_SET_H_

namespace keras_xent {

struct Kernels;  // everything that is compiled for an instruction set: see kernels.h

struct InstructionSet {
  const char* name;
  const Kernels* kernels;
};

// The widest one that this processor has, or the one that SelectInstructionSet()
// selected.
const InstructionSet& CurrentInstructionSet();

// The n-th instruction set that this processor can run, best first. Null after
// the last.
const InstructionSet* UsableInstructionSet(int n);

// Selects one by name, for tests and benchmarks. False if this processor or this
// build doesn't have it.
bool SelectInstructionSet(const char* name);

}  // namespace keras_xent

#endif  // KERAS_XENT_BASE_INSTRUCTION_SET_H_
