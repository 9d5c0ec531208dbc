#include "tf/attributes.h"

#include <memory>
#include <new>
#include <string>

#include "tf/handles.h"

namespace keras_xent {
namespace {

bool ParseReduction(const std::string& name, Reduction* reduction) {
  if (name == "sum") {
    *reduction = Reduction::kSum;
  } else if (name == "sum_over_batch_size") {
    *reduction = Reduction::kSumOverBatchSize;
  } else if (name == "mean_with_sample_weight") {
    *reduction = Reduction::kMeanWithSampleWeight;
  } else if (name == "sum_by_nonzero_weights") {
    *reduction = Reduction::kSumByNonzeroWeights;
  } else {
    return false;
  }
  return true;
}

void ReadReduction(TF_OpKernelConstruction* ctx, Reduction* reduction, const StatusHandle& status) {
  int32_t list_size = 0, length = 0;
  TF_OpKernelConstruction_GetAttrSize(ctx, "reduction", &list_size, &length, status.get());
  if (!Ok(status)) return;
  std::string name(static_cast<size_t>(length), '\0');
  TF_OpKernelConstruction_GetAttrString(ctx, "reduction", &name[0], name.size(), status.get());
  if (Ok(status) && !ParseReduction(name, reduction)) {
    TF_SetStatus(status.get(), TF_INVALID_ARGUMENT,
                 ("keras_xent: reduction is " + name +
                  ", expected sum, sum_over_batch_size, mean_with_sample_weight or "
                  "sum_by_nonzero_weights")
                     .c_str());
  }
}

}  // namespace

Attributes* ReadAttributes(TF_OpKernelConstruction* ctx, bool has_axis, bool has_reduction) {
  StatusHandle status(TF_NewStatus());
  try {
    std::unique_ptr<Attributes> attributes(new Attributes);
    if (has_axis) {
      TF_OpKernelConstruction_GetAttrInt64(ctx, "axis", &attributes->axis, status.get());
    }
    if (Ok(status) && has_reduction) ReadReduction(ctx, &attributes->reduction, status);
    if (Ok(status)) return attributes.release();
  } catch (const std::bad_alloc&) {
    TF_SetStatus(status.get(), TF_RESOURCE_EXHAUSTED, "keras_xent: out of memory");
  }
  TF_OpKernelConstruction_Failure(ctx, status.get());
  return nullptr;
}

}  // namespace keras_xent
