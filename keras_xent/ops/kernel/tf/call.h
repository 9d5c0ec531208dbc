// A call of an op's kernel: its inputs, its outputs and its first error.
#ifndef KERAS_XENT_TF_CALL_H_
#define KERAS_XENT_TF_CALL_H_

#include <new>
#include <string>

#include "base/backprop_memory.h"
#include "tf/handles.h"

namespace keras_xent {

// A call of a kernel. It keeps and reports the first error. After an error, its methods
// do nothing.
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

  // Output 0, in the memory of input 0 if nothing else uses it.
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

// A kernel's function, which must not throw: it reports std::bad_alloc as an error.
template <void (*kCompute)(void*, TF_OpKernelContext*)>
void Guarded(void* kernel, TF_OpKernelContext* ctx) {
  try {
    kCompute(kernel, ctx);
  } catch (const std::bad_alloc&) {
    StatusHandle status(TF_NewStatus());
    TF_SetStatus(status.get(), TF_RESOURCE_EXHAUSTED, "keras_xent: out of memory");
    TF_OpKernelContext_Failure(ctx, status.get());
  }
}

}  // namespace keras_xent

#endif  // KERAS_XENT_TF_CALL_H_
