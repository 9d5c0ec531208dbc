// Registers the ops when the library is loaded, and exports the functions that Python
// calls.
#include "base/instruction_set.h"
#include "base/thread_pool.h"
#include "losses.h"
#include "tf/loss_ops.h"
#include "tf/scale_backprop_op.h"

namespace {

__attribute__((constructor)) void OnLoad() {
  keras_xent::RegisterLosses(keras_xent::Losses());
  keras_xent::RegisterScaleBackprop();
}

}  // namespace

#define KERAS_XENT_EXPORT extern "C" __attribute__((visibility("default")))

// 0 means one thread for each processor that this process can use.
KERAS_XENT_EXPORT void KerasXentSetNumThreads(int count) { keras_xent::SetNumThreads(count); }

KERAS_XENT_EXPORT int KerasXentNumThreads() { return keras_xent::NumThreads(); }

KERAS_XENT_EXPORT const char* KerasXentInstructionSet() {
  return keras_xent::CurrentInstructionSet().name;
}

// The n-th instruction set that this processor can run, best first, or null.
KERAS_XENT_EXPORT const char* KerasXentUsableInstructionSet(int n) {
  const keras_xent::InstructionSet* usable = keras_xent::UsableInstructionSet(n);
  return usable ? usable->name : nullptr;
}

// Returns 0 if this processor or this build doesn't have the instruction set.
KERAS_XENT_EXPORT int KerasXentSelectInstructionSet(const char* name) {
  return keras_xent::SelectInstructionSet(name);
}
