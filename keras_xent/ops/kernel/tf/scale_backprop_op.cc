#include "tf/scale_backprop_op.h"

#include "base/numbers.h"
#include "scale_backprop.h"
#include "tf/attributes.h"
#include "tf/call.h"
#include "tf/class_axis.h"
#include "tf/op.h"
#include "tf/shape_functions.h"

namespace keras_xent {
namespace {

constexpr char kName[] = "KerasXent>ScaleBackprop";

template <typename T>
void Compute(void* kernel, TF_OpKernelContext* ctx) {
  const Attributes& attributes = *static_cast<Attributes*>(kernel);
  Call call(ctx);
  TensorHandle backprop = call.Input(0);
  const TensorHandle grad = call.Input(1);
  if (!call.ok()) return;
  const Dims dims = DimsOf(backprop.get());
  const Dims grad_dims = DimsOf(grad.get());
  const Split split = grad_dims == dims ? SplitIntoElements(dims)
                                        : SplitAtAxis(call, dims, attributes.axis, "backprop");
  call.Require(grad_dims.empty() || grad_dims == split.losses,
               "grad must be a scalar, or have the losses' shape " + ToString(split.losses) +
                   " or that of backprop, " + ToString(dims) + "; it has shape " +
                   ToString(grad_dims));
  if (!call.ok()) return;
  const T* grads = DataOf<T>(grad.get());
  if (AreAllOne(grads, ElementCount(grad_dims))) {
    call.SetOutput(0, backprop.get());
    return;
  }
  ScaleTask<T> task = {DataOf<T>(backprop.get()), grads, grad_dims.empty(), split.extents, nullptr};
  backprop.reset();  // with our own reference, the memory couldn't be reused
  TensorHandle output;
  task.to = call.OutputInPlace<T>(dims, &output);
  if (call.ok()) ScaleBackprop(task);
}

template <typename... T>
void RegisterKernels(TypeList<T...>) {
  (RegisterKernel(
       {kName, {{"T", DataTypeOf<T>::value}}, &Create<true, false>, &Guarded<&Compute<T>>}),
   ...);
}

}  // namespace

void RegisterScaleBackprop() {
  RegisterOp({kName,
              {"backprop: T", "grad: T"},
              {"output: T"},
              {kNumberAttr, kAxisAttr},
              &FirstInputShape});
  RegisterKernels(Numbers());
}

}  // namespace keras_xent
