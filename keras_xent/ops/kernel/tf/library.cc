// What happens when the library is loaded, and the few functions that Python
// calls in it.
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

// 0: one thread for every processor this process may run on.
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

// Returns 0 if this processor or this build lacks the instruction set.
KERAS_XENT_EXPORT int KerasXentSelectInstructionSet(const char* name) {
  return keras_xent::SelectInstructionSet(name);
}
