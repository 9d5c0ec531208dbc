// The ops' kernels: read TensorFlow's tensors, check them, run the arithmetic.
#include "op_kernels.h"

#include <new>
#include <string>
#include <vector>

#include "backprop_memory.h"
#include "convert.h"
#include "ops.h"
#include "softmax_cross_entropy.h"
#include "tf_handles.h"

namespace keras_xent {
namespace {

// ---- attributes ------------------------------------------------------------

struct Attributes {
  int64_t axis = -1;
  Reduction reduction = Reduction::kNone;
};

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

void* CreateUnreduced(TF_OpKernelConstruction* ctx) {
  StatusHandle status(TF_NewStatus());
  std::unique_ptr<Attributes> attributes(new Attributes);
  TF_OpKernelConstruction_GetAttrInt64(ctx, "axis", &attributes->axis, status.get());
  if (!Ok(status)) {
    TF_OpKernelConstruction_Failure(ctx, status.get());
    return nullptr;
  }
  return attributes.release();
}

void* CreateReduced(TF_OpKernelConstruction* ctx) {
  std::unique_ptr<Attributes> attributes(static_cast<Attributes*>(CreateUnreduced(ctx)));
  if (!attributes) return nullptr;
  StatusHandle status(TF_NewStatus());
  int32_t list_size = 0, length = 0;
  TF_OpKernelConstruction_GetAttrSize(ctx, "reduction", &list_size, &length, status.get());
  if (Ok(status)) {
    std::string name(static_cast<size_t>(length), '\0');
    TF_OpKernelConstruction_GetAttrString(ctx, "reduction", &name[0], name.size(), status.get());
    if (Ok(status) && !ParseReduction(name, &attributes->reduction)) {
      TF_SetStatus(status.get(), TF_INVALID_ARGUMENT, ("unknown reduction " + name).c_str());
    }
  }
  if (!Ok(status)) {
    TF_OpKernelConstruction_Failure(ctx, status.get());
    return nullptr;
  }
  return attributes.release();
}

void Delete(void* attributes) { delete static_cast<Attributes*>(attributes); }

// ---- one call --------------------------------------------------------------

// A call of a kernel. The first thing that is wrong is kept and reported;
// every method does nothing after that.
class Call {
 public:
  explicit Call(TF_OpKernelContext* ctx) : ctx_(ctx), status_(TF_NewStatus()) {}
  ~Call() {
    if (!ok()) TF_OpKernelContext_Failure(ctx_, status_.get());
  }

  bool ok() const { return Ok(status_); }

  void Require(bool condition, const std::string& message) {
    if (ok() && !condition) {
      TF_SetStatus(status_.get(), TF_INVALID_ARGUMENT, ("keras_xent: " + message).c_str());
    }
  }

  TensorHandle Input(int i) {
    TF_Tensor* tensor = nullptr;
    if (ok()) TF_GetInput(ctx_, i, &tensor, status_.get());
    return TensorHandle(tensor);
  }

  template <typename T>
  T* Output(int i, const Dims& dims, TensorHandle* keep) {
    if (!ok()) return nullptr;
    const size_t bytes = static_cast<size_t>(ElementCount(dims)) * sizeof(T);
    keep->reset(TF_AllocateOutput(ctx_, i, DataTypeOf<T>::value, dims.data(),
                                  static_cast<int>(dims.size()), bytes, status_.get()));
    return ok() ? static_cast<T*>(TF_TensorData(keep->get())) : nullptr;
  }

  // The same for a tensor of the logits' size.
  template <typename T>
  T* BackpropOutput(int i, const Dims& dims, TensorHandle* keep) {
    if (!ok()) return nullptr;
    const size_t bytes = static_cast<size_t>(ElementCount(dims)) * sizeof(T);
    void* data = AllocateBackprop(bytes);
    if (!data) return Output<T>(i, dims, keep);
    keep->reset(TF_NewTensor(
        DataTypeOf<T>::value, dims.data(), static_cast<int>(dims.size()), data, bytes,
        [](void* data, size_t, void*) { FreeBackprop(data); }, nullptr));
    SetOutput(i, keep->get());
    return ok() ? static_cast<T*>(data) : nullptr;
  }

  void SetOutput(int i, const TF_Tensor* tensor) {
    if (ok()) TF_SetOutput(ctx_, i, tensor, status_.get());
  }

  // Output 0 in the memory of input 0 if nobody else needs that.
  template <typename T>
  T* OutputInPlace(const Dims& dims, TensorHandle* keep) {
    if (!ok()) return nullptr;
    const int candidate = 0;
    int forwarded = -1;
    keep->reset(TF_ForwardInputOrAllocateOutput(ctx_, &candidate, 1, 0, dims.data(),
                                                static_cast<int>(dims.size()), &forwarded,
                                                status_.get()));
    return ok() ? static_cast<T*>(TF_TensorData(keep->get())) : nullptr;
  }

 private:
  TF_OpKernelContext* ctx_;
  StatusHandle status_;
};

// (outer, classes, inner) of a tensor, and the shape that its losses have.
struct Extents {
  int64_t outer = 1;
  int64_t classes = 1;
  int64_t inner = 1;
  Dims losses;
};

Extents SplitAtAxis(Call& call, const Dims& dims, int64_t axis, const char* name) {
  Extents extents;
  const auto rank = static_cast<int64_t>(dims.size());
  call.Require(rank >= 1, std::string(name) + " must have rank 1 or more; they are a scalar");
  call.Require(-rank <= axis && axis < rank, "axis must be in [" + std::to_string(-rank) + ", " +
                                                 std::to_string(rank) + ") for " + name +
                                                 " of shape " + ToString(dims) + "; it is " +
                                                 std::to_string(axis));
  if (!call.ok()) return extents;
  const int64_t class_axis = axis < 0 ? axis + rank : axis;
  for (int64_t i = 0; i < rank; ++i) {
    const int64_t dim = dims[static_cast<size_t>(i)];
    if (i == class_axis) {
      extents.classes = dim;
      continue;
    }
    (i < class_axis ? extents.outer : extents.inner) *= dim;
    extents.losses.push_back(dim);
  }
  return extents;
}

bool IsBroadcastable(const Dims& weights, const Dims& losses) {
  if (weights.empty()) return true;
  if (weights.size() != losses.size()) return false;
  for (size_t i = 0; i < weights.size(); ++i) {
    if (weights[i] != 1 && weights[i] != losses[i]) return false;
  }
  return true;
}

// Repeats weights along their dimensions of size 1.
template <typename W>
std::vector<W> Broadcast(const W* weights, const Dims& from, const Dims& to) {
  std::vector<W> all(static_cast<size_t>(ElementCount(to)));
  std::vector<int64_t> stride(to.size()), index(to.size(), 0);
  int64_t step = 1;
  for (size_t i = to.size(); i-- > 0;) {
    stride[i] = from[i] == 1 ? 0 : step;
    step *= from[i];
  }
  int64_t offset = 0;
  for (W& weight : all) {
    weight = weights[offset];
    for (size_t i = to.size(); i-- > 0;) {
      offset += stride[i];
      if (++index[i] < to[i]) break;
      offset -= stride[i] * to[i];
      index[i] = 0;
    }
  }
  return all;
}

// The inputs that all cross entropy ops share, checked.
template <typename T>
struct Inputs {
  TensorHandle logits, labels, weights;
  std::vector<Real<T>> broadcast_weights;
  Dims dims;
  Extents extents;
  Problem<T> problem = {};

  Inputs(Call& call, const Attributes& attributes) {
    logits = call.Input(0);
    labels = call.Input(1);
    weights = call.Input(2);
    const TensorHandle smoothing = call.Input(3);
    if (!call.ok()) return;
    dims = DimsOf(logits.get());
    const Dims label_dims = DimsOf(labels.get());
    const Dims weight_dims = DimsOf(weights.get());
    call.Require(dims == label_dims, "logits have shape " + ToString(dims) +
                                         " and labels have shape " + ToString(label_dims) +
                                         "; they must be the same");
    extents = SplitAtAxis(call, dims, attributes.axis, "logits");
    call.Require(IsBroadcastable(weight_dims, extents.losses),
                 "weights can not be broadcast to the losses: weights have shape " +
                     ToString(weight_dims) + ", the losses have shape " + ToString(extents.losses) +
                     "; give a scalar, or a tensor of the losses' rank with every dimension "
                     "1 or equal");
    call.Require(TF_NumDims(smoothing.get()) == 0, "label_smoothing must be a scalar");
    if (!call.ok()) return;
    problem.label_smoothing = *DataOf<double>(smoothing.get());
    call.Require(
        problem.label_smoothing >= 0 && problem.label_smoothing <= 1,
        "label_smoothing must be in [0, 1]; it is " + std::to_string(problem.label_smoothing));
    problem.logits = DataOf<T>(logits.get());
    problem.labels = DataOf<T>(labels.get());
    problem.outer = extents.outer;
    problem.classes = extents.classes;
    problem.inner = extents.inner;
    problem.reduction = attributes.reduction;
    problem.weights = DataOf<Real<T>>(weights.get());
    problem.one_weight = ElementCount(weight_dims) == 1;
    if (call.ok() && !problem.one_weight && weight_dims != extents.losses) {
      broadcast_weights = Broadcast(problem.weights, weight_dims, extents.losses);
      problem.weights = broadcast_weights.data();
    }
  }
};

template <typename T, bool kWithBackprop>
void ComputeLoss(void* kernel, TF_OpKernelContext* ctx) {
  const Attributes& attributes = *static_cast<Attributes*>(kernel);
  Call call(ctx);
  const Inputs<T> inputs(call, attributes);
  TensorHandle loss_tensor, backprop_tensor;
  const bool reduced = inputs.problem.reduction != Reduction::kNone;
  T* loss = call.Output<T>(0, reduced ? Dims() : inputs.extents.losses, &loss_tensor);
  T* backprop = kWithBackprop ? call.BackpropOutput<T>(1, inputs.dims, &backprop_tensor) : nullptr;
  if (call.ok()) Forward(inputs.problem, loss, backprop);
}

template <typename T>
void ComputeGrad(void* kernel, TF_OpKernelContext* ctx) {
  const Attributes& attributes = *static_cast<Attributes*>(kernel);
  Call call(ctx);
  const Inputs<T> inputs(call, attributes);
  TensorHandle backprop_tensor;
  T* backprop = call.BackpropOutput<T>(0, inputs.dims, &backprop_tensor);
  if (!call.ok()) return;
  std::vector<Real<T>> repeated;
  const Real<T>* coefficients = inputs.problem.weights;
  if (inputs.problem.one_weight) {
    repeated.assign(static_cast<size_t>(inputs.problem.positions()), coefficients[0]);
    coefficients = repeated.data();
  }
  WeightedBackprop(inputs.problem, coefficients, backprop);
}

template <typename T>
void ComputeScaleBackprop(void* kernel, TF_OpKernelContext* ctx) {
  const Attributes& attributes = *static_cast<Attributes*>(kernel);
  Call call(ctx);
  TensorHandle backprop = call.Input(0);
  const TensorHandle grad = call.Input(1);
  if (!call.ok()) return;
  const Dims dims = DimsOf(backprop.get());
  const Dims grad_dims = DimsOf(grad.get());
  const Extents extents = SplitAtAxis(call, dims, attributes.axis, "backprop");
  call.Require(grad_dims.empty() || grad_dims == extents.losses,
               "grad must be a scalar or have the losses' shape " + ToString(extents.losses) +
                   "; it has shape " + ToString(grad_dims));
  if (!call.ok()) return;
  std::vector<Real<T>> factors;
  bool all_one = true;
  const T* grads = DataOf<T>(grad.get());
  for (int64_t i = 0; i < ElementCount(grad_dims); ++i) {
    factors.push_back(static_cast<Real<T>>(ToDouble(grads[i])));
    all_one = all_one && factors.back() == 1;
  }
  if (all_one) {
    call.SetOutput(0, backprop.get());
    return;
  }
  ScaleTask<T> task;
  task.from = DataOf<T>(backprop.get());
  backprop.reset();  // our own reference would keep the memory from being reused
  TensorHandle output;
  task.to = call.OutputInPlace<T>(dims, &output);
  task.classes = extents.classes;
  task.inner = extents.inner;
  task.factors = factors.data();
  task.one_factor = grad_dims.empty();
  if (call.ok()) ScaleBackprop(task, ElementCount(dims));
}

// ---- registration ----------------------------------------------------------

using Create = void* (*)(TF_OpKernelConstruction*);
using Compute = void (*)(void*, TF_OpKernelContext*);

// A kernel that reports that it ran out of memory: no exception may leave it.
template <Compute kCompute>
void Guarded(void* kernel, TF_OpKernelContext* ctx) {
  try {
    kCompute(kernel, ctx);
  } catch (const std::bad_alloc&) {
    StatusHandle status(TF_NewStatus());
    TF_SetStatus(status.get(), TF_RESOURCE_EXHAUSTED, "keras_xent: out of memory");
    TF_OpKernelContext_Failure(ctx, status.get());
  }
}

void Register(const char* op, TF_DataType type, TF_DataType weight_type, Create create,
              Compute compute) {
  StatusHandle status(TF_NewStatus());
  TF_KernelBuilder* builder = TF_NewKernelBuilder(op, "CPU", create, compute, &Delete);
  TF_KernelBuilder_TypeConstraint(builder, "T", type, status.get());
  if (op != kScaleBackprop) {
    TF_KernelBuilder_TypeConstraint(builder, "W", weight_type, status.get());
  }
  TF_RegisterKernelBuilder(op, builder, status.get());
}

template <typename T>
void RegisterFor() {
  constexpr TF_DataType type = DataTypeOf<T>::value;
  constexpr TF_DataType weight_type = DataTypeOf<Real<T>>::value;
  Register(kLoss, type, weight_type, &CreateReduced, &Guarded<&ComputeLoss<T, false>>);
  Register(kLossWithBackprop, type, weight_type, &CreateReduced, &Guarded<&ComputeLoss<T, true>>);
  Register(kUnreduced, type, weight_type, &CreateUnreduced, &Guarded<&ComputeLoss<T, false>>);
  Register(kUnreducedWithBackprop, type, weight_type, &CreateUnreduced,
           &Guarded<&ComputeLoss<T, true>>);
  Register(kGrad, type, weight_type, &CreateUnreduced, &Guarded<&ComputeGrad<T>>);
  Register(kScaleBackprop, type, weight_type, &CreateUnreduced, &Guarded<&ComputeScaleBackprop<T>>);
}

}  // namespace

void RegisterOpKernels() {
  RegisterFor<Half>();
  RegisterFor<BFloat16>();
  RegisterFor<float>();
  RegisterFor<double>();
}

}  // namespace keras_xent
