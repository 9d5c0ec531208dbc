// The inputs of a loss's ops, checked.
#ifndef KERAS_XENT_TF_LOSS_INPUTS_H_
#define KERAS_XENT_TF_LOSS_INPUTS_H_

#include <string>

#include "task.h"
#include "tf/attributes.h"
#include "tf/call.h"
#include "tf/class_axis.h"
#include "tf/labels_input.h"
#include "weights.h"

namespace keras_xent {

// (logits: T, labels, weights: W, label_smoothing: double). Coefficients are read like
// weights.
template <typename Loss, typename T>
class LossInputs {
 public:
  LossInputs(Call& call, const Attributes& attributes)
      : logits_(call.Input(0)), labels_(call.Input(1)), weights_(call.Input(2)) {
    const TensorHandle smoothing = call.Input(3);
    if (!call.ok()) return;
    dims = DimsOf(logits_.get());
    split = Loss::kHasClassAxis ? SplitAtAxis(call, dims, attributes.axis, "logits")
                                : SplitIntoElements(dims);
    if (!call.ok()) return;
    examples.logits = DataOf<T>(logits_.get());
    examples.extents = split.extents;
    examples.labels = LabelsInput<Labels>::Read(call, labels_.get(), dims, split);
    ReadWeights(call);
    call.Require(
        TF_NumDims(smoothing.get()) == 0,
        "label_smoothing must be a scalar; it has shape " + ToString(DimsOf(smoothing.get())));
    if (!call.ok()) return;
    examples.label_smoothing = *DataOf<double>(smoothing.get());
    call.Require(
        examples.label_smoothing >= 0 && examples.label_smoothing <= 1,
        "label_smoothing must be in [0, 1]; it is " + std::to_string(examples.label_smoothing));
  }

  Dims dims;  // of the logits
  Split split;
  Examples<Loss, T> examples = {};
  Weights<Real<T>> weights;

 private:
  using Labels = typename Loss::template Labels<T>;

  void ReadWeights(Call& call) {
    const Dims weight_dims = DimsOf(weights_.get());
    call.Require(IsBroadcastable(weight_dims, split.losses),
                 "weights cannot be broadcast to the losses: the weights have shape " +
                     ToString(weight_dims) + " and the losses have shape " +
                     ToString(split.losses) +
                     "; pass a scalar, or a tensor of the losses' rank in which every "
                     "dimension is 1 or equals the losses' corresponding dimension");
    if (!call.ok()) return;
    weights = Weights<Real<T>>(DataOf<Real<T>>(weights_.get()), weight_dims, split.losses);
  }

  const TensorHandle logits_, labels_, weights_;
};

}  // namespace keras_xent

#endif  // KERAS_XENT_TF_LOSS_INPUTS_H_
