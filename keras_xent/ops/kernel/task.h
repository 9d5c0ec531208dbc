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
  // The tensors are too large for the caches: rows are cut at cache lines, which
  // costs short ones time, so that ...
  bool is_large;
  // ... backprop can be written past the caches, whole lines at a time.
  bool stream;
};

// ---- scratch ---------------------------------------------------------------
//
// Beside the tensors the kernels want room for what they keep of the positions
// they are at: ScratchBytes(), aligned to kLineBytes.

constexpr int64_t kLineBytes = 64;
constexpr int64_t kWidestVectorBytes = 64;

// Up to this many contiguous classes, lanes lie across positions: tiles of them
// fit the L1 cache.
constexpr int64_t kMostTileClasses = 64;

// Rows of up to this many classes go in groups of up to kMostGroupRows.
constexpr int64_t kMostGroupClasses = 2048;
constexpr int64_t kMostGroupRows = kWidestVectorBytes / static_cast<int64_t>(sizeof(double));

// From one row's exps to the next's: room to align them, in whole lines.
template <typename T>
constexpr int64_t ExpsStride(int64_t classes) {
  constexpr int64_t kLine = kLineBytes / static_cast<int64_t>(sizeof(Real<T>));
  return (classes + 2 * kLine - 1) / kLine * kLine;
}

// From one row's notes to the next's: enough for blocks of the narrowest vectors.
template <typename T>
constexpr int64_t NotesStride(int64_t classes) {
  return classes / 64 + 2;
}

// How many positions go through tiles at a time: whole cache lines of them, and
// several where the tiles still fit the L1 cache.
template <typename T>
constexpr int64_t TilePositions(int64_t classes) {
  constexpr int64_t kLine = kLineBytes / static_cast<int64_t>(sizeof(Real<T>));
  constexpr int64_t kElements = (16 << 10) / static_cast<int64_t>(sizeof(Real<T>));
  const int64_t lines = classes > 0 ? kElements / (classes * kLine) : 1;
  return kLine * (lines < 1 ? 1 : lines > 8 ? 8 : lines);
}

// What a row leaves for its backprop, for each block of classes.
template <typename F>
struct BlockNotes {
  F shift, power;  // the scale of its exps
  bool is_plain;   // no label mass
};

template <typename T>
int64_t ScratchBytes(const RowTask<T>& task) {
  using F = Real<T>;
  if (task.inner != 1 || task.classes <= kMostTileClasses) {
    return 2 * task.classes * TilePositions<T>(task.classes) * static_cast<int64_t>(sizeof(F));
  }
  if (!task.backprop) return 0;
  const int64_t rows = task.classes <= kMostGroupClasses ? kMostGroupRows : 1;
  return rows * (ExpsStride<T>(task.classes) * static_cast<int64_t>(sizeof(F)) +
                 NotesStride<T>(task.classes) * static_cast<int64_t>(sizeof(BlockNotes<F>)));
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
