// How an op takes labels of each kind.
#ifndef KERAS_XENT_TF_LABELS_INPUT_H_
#define KERAS_XENT_TF_LABELS_INPUT_H_

#include <initializer_list>
#include <string>

#include "labels.h"
#include "tf/call.h"
#include "tf/class_axis.h"

namespace keras_xent {

template <typename Labels>
struct LabelsInput;

template <typename T>
struct LabelsInput<DenseLabels<T>> {
  static constexpr char kInput[] = "labels: T";
  static std::initializer_list<const char*> Attrs() { return {}; }

  static DenseLabels<T> Read(Call& call, const TF_Tensor* tensor, const Dims& logits,
                             const Split&) {
    const Dims dims = DimsOf(tensor);
    call.Require(dims == logits, "logits have shape " + ToString(logits) +
                                     " and labels have shape " + ToString(dims) +
                                     "; they must be the same");
    return {DataOf<T>(tensor)};
  }
};

}  // namespace keras_xent

#endif  // KERAS_XENT_TF_LABELS_INPUT_H_
