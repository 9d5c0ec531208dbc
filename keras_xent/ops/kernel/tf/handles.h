// TensorFlow's C handles, which are deleted at the end of their scope, and their contents.
#ifndef KERAS_XENT_TF_HANDLES_H_
#define KERAS_XENT_TF_HANDLES_H_

#include <memory>

#include "base/numbers.h"
#include "shapes.h"
#include "tf/c_api.h"

namespace keras_xent {

struct HandleDeleter {
  void operator()(TF_Status* status) const { TF_DeleteStatus(status); }
  void operator()(TF_Tensor* tensor) const { TF_DeleteTensor(tensor); }
  void operator()(TF_ShapeHandle* shape) const { TF_DeleteShapeHandle(shape); }
  void operator()(TF_DimensionHandle* dim) const { TF_DeleteDimensionHandle(dim); }
};
using StatusHandle = std::unique_ptr<TF_Status, HandleDeleter>;
using TensorHandle = std::unique_ptr<TF_Tensor, HandleDeleter>;
using ShapeHandle = std::unique_ptr<TF_ShapeHandle, HandleDeleter>;
using DimensionHandle = std::unique_ptr<TF_DimensionHandle, HandleDeleter>;

inline bool Ok(const StatusHandle& status) { return TF_GetCode(status.get()) == TF_OK; }

inline Dims DimsOf(const TF_Tensor* tensor) {
  Dims dims;
  for (int i = 0; i < TF_NumDims(tensor); ++i) dims.push_back(TF_Dim(tensor, i));
  return dims;
}

template <typename T>
struct DataTypeOf;
template <>
struct DataTypeOf<Half> {
  static constexpr TF_DataType value = TF_HALF;
};
template <>
struct DataTypeOf<BFloat16> {
  static constexpr TF_DataType value = TF_BFLOAT16;
};
template <>
struct DataTypeOf<float> {
  static constexpr TF_DataType value = TF_FLOAT;
};
template <>
struct DataTypeOf<double> {
  static constexpr TF_DataType value = TF_DOUBLE;
};

template <typename T>
const T* DataOf(const TF_Tensor* tensor) {
  return static_cast<const T*>(TF_TensorData(tensor));
}

}  // namespace keras_xent

#endif  // KERAS_XENT_TF_HANDLES_H_
