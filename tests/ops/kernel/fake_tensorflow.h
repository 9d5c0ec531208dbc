// The functions of TensorFlow's C API that a kernel calls when it runs. They allocate with
// malloc(), so a test that counts the library's own allocations doesn't count theirs. Include it in
// one file.
#ifndef KERAS_XENT_TESTS_FAKE_TENSORFLOW_H_
#define KERAS_XENT_TESTS_FAKE_TENSORFLOW_H_

#include <cstdlib>
#include <cstring>

#include "tf/c_api.h"

struct TF_Status {
  TF_Code code;
};

struct TF_Tensor {
  TF_DataType type;
  int64_t dims[3];
  int rank;
  void* data;
  size_t bytes;
  void (*deallocate)(void*, size_t, void*);
  int references;
};

struct TF_OpKernelConstruction {
  const char* reduction;
  TF_Code failure;
};

struct TF_OpKernelContext {
  TF_Tensor* inputs[4];
  TF_Tensor* outputs[2];
  TF_Code failure;
};

namespace keras_xent {

// A test's function, if there is one: whether there is no memory for an output.
inline bool (*no_memory_for_output)() = nullptr;

inline TF_Tensor* NewFakeTensor(TF_DataType type, const int64_t* dims, int rank, void* data,
                                size_t bytes, void (*deallocate)(void*, size_t, void*)) {
  auto* tensor = static_cast<TF_Tensor*>(std::malloc(sizeof(TF_Tensor)));
  *tensor = {type, {}, rank, data, bytes, deallocate, 1};
  for (int i = 0; i < rank; ++i) tensor->dims[i] = dims[i];
  return tensor;
}

}  // namespace keras_xent

extern "C" {

TF_Status* TF_NewStatus(void) { return static_cast<TF_Status*>(std::calloc(1, sizeof(TF_Status))); }
void TF_DeleteStatus(TF_Status* status) { std::free(status); }
void TF_SetStatus(TF_Status* status, TF_Code code, const char*) { status->code = code; }
TF_Code TF_GetCode(const TF_Status* status) { return status->code; }

TF_Tensor* TF_NewTensor(TF_DataType type, const int64_t* dims, int rank, void* data, size_t bytes,
                        void (*deallocate)(void*, size_t, void*), void*) {
  return keras_xent::NewFakeTensor(type, dims, rank, data, bytes, deallocate);
}
void TF_DeleteTensor(TF_Tensor* tensor) {
  if (--tensor->references > 0) return;
  if (tensor->deallocate) tensor->deallocate(tensor->data, tensor->bytes, nullptr);
  std::free(tensor);
}
TF_DataType TF_TensorType(const TF_Tensor* tensor) { return tensor->type; }
int TF_NumDims(const TF_Tensor* tensor) { return tensor->rank; }
int64_t TF_Dim(const TF_Tensor* tensor, int i) { return tensor->dims[i]; }
void* TF_TensorData(const TF_Tensor* tensor) { return tensor->data; }

void TF_OpKernelConstruction_GetAttrSize(TF_OpKernelConstruction* ctx, const char*, int32_t*,
                                         int32_t* bytes, TF_Status*) {
  *bytes = static_cast<int32_t>(std::strlen(ctx->reduction));
}
void TF_OpKernelConstruction_GetAttrInt64(TF_OpKernelConstruction*, const char*, int64_t* value,
                                          TF_Status*) {
  *value = -1;
}
void TF_OpKernelConstruction_GetAttrString(TF_OpKernelConstruction* ctx, const char*, char* value,
                                           size_t bytes, TF_Status*) {
  std::memcpy(value, ctx->reduction, bytes);
}
void TF_OpKernelConstruction_Failure(TF_OpKernelConstruction* ctx, TF_Status* status) {
  ctx->failure = status->code;
}

void TF_OpKernelContext_Failure(TF_OpKernelContext* ctx, TF_Status* status) {
  ctx->failure = status->code;
}
void TF_GetInput(TF_OpKernelContext* ctx, int i, TF_Tensor** tensor, TF_Status*) {
  *tensor = ctx->inputs[i];
  ++(*tensor)->references;
}
void TF_SetOutput(TF_OpKernelContext* ctx, int i, const TF_Tensor* tensor, TF_Status*) {
  ctx->outputs[i] = const_cast<TF_Tensor*>(tensor);
  ++ctx->outputs[i]->references;
}
TF_Tensor* TF_AllocateOutput(TF_OpKernelContext* ctx, int i, TF_DataType type, const int64_t* dims,
                             int rank, size_t bytes, TF_Status* status) {
  if (keras_xent::no_memory_for_output && keras_xent::no_memory_for_output()) {
    TF_SetStatus(status, TF_RESOURCE_EXHAUSTED, "");
    return nullptr;
  }
  TF_Tensor* tensor = keras_xent::NewFakeTensor(type, dims, rank, std::malloc(bytes), bytes,
                                                [](void* data, size_t, void*) { std::free(data); });
  TF_SetOutput(ctx, i, tensor, status);
  return tensor;
}

}  // extern "C"

#endif  // KERAS_XENT_TESTS_FAKE_TENSORFLOW_H_
