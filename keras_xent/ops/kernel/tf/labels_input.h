// How an op reads each kind of labels.
#ifndef KERAS_XENT_TF_LABELS_INPUT_H_
#define KERAS_XENT_TF_LABELS_INPUT_H_

#include <string>
#include <vector>

#include "first_out_of_range.h"
#include "labels.h"
#include "tf/call.h"
#include "tf/class_axis.h"

namespace keras_xent {

template <typename Labels>
struct LabelsInput;

template <typename T>
struct LabelsInput<DenseLabels<T>> {
  static constexpr char kInput[] = "labels: T";
  static std::vector<const char*> Attrs() { return {}; }

  static DenseLabels<T> Read(Call& call, const TF_Tensor* tensor, const Dims& logits,
                             const Split&) {
    const Dims dims = DimsOf(tensor);
    call.Require(dims == logits, "logits have shape " + ToString(logits) +
                                     " and labels have shape " + ToString(dims) +
                                     "; the shapes must be the same");
    return {DataOf<T>(tensor)};
  }
};

template <>
struct LabelsInput<ClassIds> {
  static constexpr char kInput[] = "labels: L";
  static std::vector<const char*> Attrs() { return {"L: {int32, int64}"}; }

  static ClassIds Read(Call& call, const TF_Tensor* tensor, const Dims&, const Split& split) {
    const Dims dims = DimsOf(tensor);
    call.Require(dims == split.losses, "labels are class ids and must have the losses' shape " +
                                           ToString(split.losses) + "; they have shape " +
                                           ToString(dims));
    if (!call.ok()) return {};
    ClassIds ids = {};
    if (TF_TensorType(tensor) == TF_INT32) {
      ids.narrow = DataOf<int32_t>(tensor);
    } else {
      ids.wide = DataOf<int64_t>(tensor);
    }
    const int64_t examples = split.extents.examples();
    const int64_t wrong = FirstOutOfRange(ids, examples, split.extents.classes);
    if (wrong < examples) {
      call.Require(false, "labels are class ids and must be in [0, " +
                              std::to_string(split.extents.classes) + "); the one at " +
                              ToString(IndexOf(wrong, dims)) + " is " + std::to_string(ids[wrong]));
    }
    return ids;
  }
};

}  // namespace keras_xent

#endif  // KERAS_XENT_TF_LABELS_INPUT_H_
