// The attributes of an op's node.
#ifndef KERAS_XENT_TF_ATTRIBUTES_H_
#define KERAS_XENT_TF_ATTRIBUTES_H_

#include <cstdint>

#include "reduction.h"
#include "tf/c_api.h"

namespace keras_xent {

constexpr char kAxisAttr[] = "axis: int = -1";
constexpr char kReductionAttr[] =
    "reduction: {'sum', 'sum_over_batch_size', 'mean_with_sample_weight', "
    "'sum_by_nonzero_weights'}";

struct Attributes {
  int64_t axis = -1;
  Reduction reduction = Reduction::kNone;
};

// Reads the op's attributes. If that fails, returns null after reporting it to TensorFlow.
Attributes* ReadAttributes(TF_OpKernelConstruction* ctx, bool has_axis, bool has_reduction);

template <bool kHasAxis, bool kHasReduction>
void* Create(TF_OpKernelConstruction* ctx) {
  return ReadAttributes(ctx, kHasAxis, kHasReduction);
}

inline void Delete(void* attributes) { delete static_cast<Attributes*>(attributes); }

}  // namespace keras_xent

#endif  // KERAS_XENT_TF_ATTRIBUTES_H_
