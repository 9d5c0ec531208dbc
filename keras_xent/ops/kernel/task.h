// The inputs of a loss and of its kernels: plain data, shared by all instruction sets.
#ifndef KERAS_XENT_TASK_H_
#define KERAS_XENT_TASK_H_

#include <cstdint>

#include "base/numbers.h"
#include "shapes.h"

namespace keras_xent {

// The examples of a call: all inputs except the weights.
template <typename LossType, typename T>
struct Examples {
  using Loss = LossType;
  using Number = T;

  const T* logits;
  typename Loss::template Labels<T> labels;
  Extents extents;
  double label_smoothing;
};

// If backprop is the derivative of an example's loss with respect to its logits, the kernels
// write coefficient * backprop. An example's coefficient is unit_coefficient * weight.
template <typename Loss, typename T>
struct Task : Examples<Loss, T> {
  T* backprop;  // in the logits' shape, or null to compute only losses
  double unit_coefficient;
  // The tensors are too large for a core's own caches. Rows are split at cache lines,
  // which slows down short rows, but then ...
  bool is_large;
  // ... backprop can be written past the caches, whole lines at a time. ...
  bool stream;
  // ... Whole rows are written past the caches only if the tensors are also too large for
  // the last cache, because so many writes together wait for the memory.
  bool is_huge;
};

// Some examples of a task: [begin, end).
template <typename F>
struct Piece {
  int64_t begin, end;
  const F* weights;  // their weights, or null if all are 1
  double* losses;    // room for their unweighted losses, or null
};

// The function of a loss and a type, compiled for each instruction set.
template <typename Loss, typename T>
using LossFunction = void (*)(const Task<Loss, T>& task, const Piece<Real<T>>& piece);

}  // namespace keras_xent

#endif  // KERAS_XENT_TASK_H_
