// The ops of a loss, and their kernels for every type of logits.
#ifndef KERAS_XENT_TF_LOSS_OPS_H_
#define KERAS_XENT_TF_LOSS_OPS_H_

#include <string>
#include <vector>

#include "base/numbers.h"
#include "tf/attributes.h"
#include "tf/call.h"
#include "tf/labels_input.h"
#include "tf/loss_inputs.h"
#include "tf/op.h"
#include "tf/shape_functions.h"
#include "weighted_loss.h"

namespace keras_xent {

// With a stem such as SoftmaxCrossEntropy and the inputs (logits: T, labels, weights: W,
// label_smoothing: double):
//
//   Stem                 the weighted losses, reduced to a scalar
//   UnreducedStem        the weighted loss of every example
//   [...]WithBackprop    the same, and the gradient of the result's sum with respect to the logits
//   StemGrad             coefficients (instead of weights) * the losses' backprop
template <typename Loss>
struct OpNames {
  static std::string Of(const char* prefix, const char* suffix) {
    return std::string("KerasXent>") + prefix + Loss::kName + suffix;
  }
  const std::string reduced = Of("", ""), reduced_with_backprop = Of("", "WithBackprop"),
                    unreduced = Of("Unreduced", ""),
                    unreduced_with_backprop = Of("Unreduced", "WithBackprop"),
                    grad = Of("", "Grad");
};

template <typename Loss>
void RegisterOps() {
  using Input = LabelsInput<typename Loss::template Labels<float>>;
  const OpNames<Loss> names;
  const std::vector<const char*> inputs = {"logits: T", Input::kInput, "weights: W",
                                           "label_smoothing: double"};
  std::vector<const char*> grad_inputs = inputs;
  grad_inputs[2] = "coefficients: W";
  const std::vector<const char*> loss = {"loss: T"}, both = {"loss: T", "backprop: T"};

  std::vector<const char*> attrs = {kNumberAttr, kWeightAttr};
  for (const char* attr : Input::Attrs()) attrs.push_back(attr);
  if (Loss::kHasClassAxis) attrs.push_back(kAxisAttr);
  std::vector<const char*> reduced_attrs = attrs;
  reduced_attrs.push_back(kReductionAttr);

  auto* scalar = Loss::kHasClassAxis ? &ScalarOfClassesShape : &ScalarShape;
  auto* losses = Loss::kHasClassAxis ? &LossesShape : &FirstInputShape;
  RegisterOp({names.reduced, inputs, loss, reduced_attrs, scalar});
  RegisterOp({names.reduced_with_backprop, inputs, both, reduced_attrs, scalar});
  RegisterOp({names.unreduced, inputs, loss, attrs, losses});
  RegisterOp({names.unreduced_with_backprop, inputs, both, attrs, losses});
  RegisterOp({names.grad, grad_inputs, {"backprop: T"}, attrs, &FirstInputShape});
}

template <typename Loss, typename T, bool kWithBackprop>
void ComputeLoss(void* kernel, TF_OpKernelContext* ctx) {
  const Attributes& attributes = *static_cast<Attributes*>(kernel);
  Call call(ctx);
  const LossInputs<Loss, T> inputs(call, attributes);
  TensorHandle value_tensor, backprop_tensor;
  const bool is_reduced = attributes.reduction != Reduction::kNone;
  T* value = call.Output<T>(0, is_reduced ? Dims() : inputs.split.losses, &value_tensor);
  T* backprop = kWithBackprop ? call.BackpropOutput<T>(1, inputs.dims, &backprop_tensor) : nullptr;
  if (!call.ok()) return;
  Forward(inputs.examples, inputs.weights, attributes.reduction, value, backprop);
}

template <typename Loss, typename T>
void ComputeGrad(void* kernel, TF_OpKernelContext* ctx) {
  Call call(ctx);
  const LossInputs<Loss, T> inputs(call, *static_cast<Attributes*>(kernel));
  TensorHandle backprop_tensor;
  T* backprop = call.BackpropOutput<T>(0, inputs.dims, &backprop_tensor);
  if (call.ok()) WeightedBackprop(inputs.examples, inputs.weights, backprop);
}

template <typename Loss, typename T>
void RegisterKernels() {
  const OpNames<Loss> names;
  auto add = [](const std::string& op, auto* create, auto* compute) {
    RegisterKernel(
        {op, {{"T", DataTypeOf<T>::value}, {"W", DataTypeOf<Real<T>>::value}}, create, compute});
  };
  auto* reduced = &Create<Loss::kHasClassAxis, true>;
  auto* unreduced = &Create<Loss::kHasClassAxis, false>;
  auto* loss = &Guarded<&ComputeLoss<Loss, T, false>>;
  auto* both = &Guarded<&ComputeLoss<Loss, T, true>>;
  add(names.reduced, reduced, loss);
  add(names.reduced_with_backprop, reduced, both);
  add(names.unreduced, unreduced, loss);
  add(names.unreduced_with_backprop, unreduced, both);
  add(names.grad, unreduced, &Guarded<&ComputeGrad<Loss, T>>);
}

template <typename Loss, typename... T>
void RegisterLoss(TypeList<T...>) {
  RegisterOps<Loss>();
  (RegisterKernels<Loss, T>(), ...);
}

template <typename... Loss>
void RegisterLosses(TypeList<Loss...>) {
  (RegisterLoss<Loss>(Numbers()), ...);
}

}  // namespace keras_xent

#endif  // KERAS_XENT_TF_LOSS_OPS_H_
