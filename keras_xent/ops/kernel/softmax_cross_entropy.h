// Softmax cross entropy of whole tensors: smoothing, weights and reduction in
// one pass, on the pool's threads. No TensorFlow in here.
#ifndef KERAS_XENT_SOFTMAX_CROSS_ENTROPY_H_
#define KERAS_XENT_SOFTMAX_CROSS_ENTROPY_H_

#include <cstdint>

#include "task.h"

namespace keras_xent {

// How weighted losses l * w become the result. Every division by zero gives 0.
enum class Reduction {
  kNone,                  // l * w
  kSum,                   // sum(l * w)
  kSumOverBatchSize,      // sum(l * w) / count(l)
  kMeanWithSampleWeight,  // sum(l * w) / sum(w), w broadcast to l first
  kSumByNonzeroWeights,   // sum(l * w) / count(w != 0), w broadcast to l first
};

// Logits and labels of shape (outer, classes, inner), and one weight for every
// (outer, inner) or a single one.
template <typename T>
struct Problem {
  const T* logits;
  const T* labels;
  int64_t outer;
  int64_t classes;
  int64_t inner;
  double label_smoothing;
  const Real<T>* weights;
  bool one_weight;
  Reduction reduction;

  int64_t positions() const { return outer * inner; }
};

// Writes the result to `loss` (outer * inner of them for kNone, otherwise one)
// and, if `backprop` is not null, the gradient of the result's sum with respect
// to the logits (labels taken to sum to one; see RowTask).
//
// The bits do not depend on the number of threads. Throws std::bad_alloc, as do
// the functions below.
template <typename T>
void Forward(const Problem<T>& problem, T* loss, T* backprop);

// backprop = coefficients * (softmax(logits) - labels'), with one coefficient
// for every (outer, inner). Ignores weights and reduction.
template <typename T>
void WeightedBackprop(const Problem<T>& problem, const Real<T>* coefficients, T* backprop);

// The first `elements` elements of a backprop tensor, scaled.
template <typename T>
void ScaleBackprop(const ScaleTask<T>& task, int64_t elements);

}  // namespace keras_xent

#endif  // KERAS_XENT_SOFTMAX_CROSS_ENTROPY_H_
