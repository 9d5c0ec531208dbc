// What a loss is computed of, and what its kernels are asked to do: plain data, shared
// by every instruction set.
#ifndef KERAS_XENT_TASK_H_
#define KERAS_XENT_TASK_H_

#include <cstdint>

#include "base/numbers.h"
#include "shapes.h"

namespace keras_xent {

// The examples of a call: all inputs but the weights.
template <typename LossType, typename T>
struct Examples {
  using Loss = LossType;
  using Number = T;

  const T* logits;
  typename Loss::template Labels<T> labels;
  Extents extents;
  double label_smoothing;
};

// With backprop the derivative of an example's loss to its logits, what is written is
// coefficient * backprop, where an example's coefficient is unit_coefficient * weight.
template <typename Loss, typename T>
struct Task : Examples<Loss, T> {
  T* backprop;  // shaped as the logits; null: losses only
  double unit_coefficient;
  // The tensors are too large for a core's own caches: rows are cut at cache lines,
  // which costs short ones time, so that ...
  bool is_large;
  // ... backprop can be written past the caches, whole lines at a time. ...
  bool stream;
  // ... Whole rows are only where they are too large for the last cache as well: so
  // much at once waits for the memory.
  bool is_huge;
};

// Some examples of a task: [begin, end).
template <typename F>
struct Piece {
  int64_t begin, end;
  const F* weights;  // theirs, or null: all are 1
  double* losses;    // room for theirs, without weight; or null
};

// The function of a loss and a type, compiled for each instruction set.
template <typename Loss, typename T>
using LossFunction = void (*)(const Task<Loss, T>& task, const Piece<Real<T>>& piece);

}  // namespace keras_xent

#endif  // KERAS_XENT_TASK_H_
