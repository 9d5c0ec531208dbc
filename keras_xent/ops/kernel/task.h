// What the row kernels are asked to do: plain data, shared by every
// instruction set, with no TensorFlow in it.
#ifndef KERAS_XENT_TASK_H_
#define KERAS_XENT_TASK_H_

#include <cstdint>

namespace keras_xent {

// 16-bit floating point numbers as they are stored; arithmetic on them is float.
struct Half {
  uint16_t bits;
};
struct BFloat16 {
  uint16_t bits;
};

// The type that arithmetic on elements of type T is done in.
template <typename T>
struct RealOf {
  using type = float;
};
template <>
struct RealOf<double> {
  using type = double;
};
template <typename T>
using Real = typename RealOf<T>::type;

// Logits and labels are dense tensors seen as (outer, classes, inner). A
// "position" is one pair (outer, inner), numbered outer * inner_size + inner:
// one softmax, one loss.
//
// With y' = (1 - label_smoothing) * labels + label_smoothing / classes, a
// position's loss is sum_c y'_c * (log(sum_k exp(x_k)) - x_c), and its
// backprop is scale * (softmax(x)_c - y'_c), which is the loss's gradient
// where the labels sum to one. (TensorFlow's SoftmaxCrossEntropyWithLogits
// returns the same expression whatever the labels sum to.)
template <typename T>
struct RowTask {
  const T* logits;
  const T* labels;
  T* backprop;        // shaped as logits; null: losses only
  int64_t positions;  // of the whole tensors
  int64_t classes;
  int64_t inner;
  double label_smoothing;
  // scale = factor * (scales ? scales[position] : 1)
  const Real<T>* scales;
  double factor;
  // Write backprop past the caches: it is too large to be read back from them.
  bool stream;
};

// The kernels want room for this many bytes beside the tensors, aligned to 64:
// for the exp of each class of as many positions as they do at a time.
template <typename T>
int64_t ScratchBytes(const RowTask<T>& task) {
  if (!task.backprop) return 0;
  constexpr int64_t kWidestVector = 64;
  const int64_t most_lanes = kWidestVector / sizeof(Real<T>);
  const int64_t lanes = task.inner < most_lanes ? task.inner : most_lanes;
  return task.classes * lanes * static_cast<int64_t>(sizeof(Real<T>)) + kWidestVector;
}

// Processes positions [begin, end). losses, if not null, receives their
// unweighted losses (end - begin of them).
template <typename T>
using RowFunction = void (*)(const RowTask<T>& task, int64_t begin, int64_t end, double* losses,
                             void* scratch);

// A backprop tensor times a factor for every position, or one for all. `to` may
// be `from`.
template <typename T>
struct ScaleTask {
  const T* from;
  T* to;
  int64_t classes;
  int64_t inner;
  const Real<T>* factors;
  bool one_factor;
};

// Scales the elements [begin, end), counted through the whole tensor.
template <typename T>
using ScaleFunction = void (*)(const ScaleTask<T>& task, int64_t begin, int64_t end);

template <typename T>
struct Kernels {
  RowFunction<T> rows;
  ScaleFunction<T> scale;
};

// The kernels of one instruction set.
struct InstructionSet {
  const char* name;
  Kernels<Half> half_kernels;
  Kernels<BFloat16> bfloat16_kernels;
  Kernels<float> float_kernels;
  Kernels<double> double_kernels;
};

template <typename T>
const Kernels<T>& KernelsOf(const InstructionSet& set);
template <>
inline const Kernels<Half>& KernelsOf(const InstructionSet& set) {
  return set.half_kernels;
}
template <>
inline const Kernels<BFloat16>& KernelsOf(const InstructionSet& set) {
  return set.bfloat16_kernels;
}
template <>
inline const Kernels<float>& KernelsOf(const InstructionSet& set) {
  return set.float_kernels;
}
template <>
inline const Kernels<double>& KernelsOf(const InstructionSet& set) {
  return set.double_kernels;
}

}  // namespace keras_xent

#endif  // KERAS_XENT_TASK_H_
