// The value and the gradient of a loss. Weights and reduction are applied in the same pass
// over memory, on all threads.
#ifndef KERAS_XENT_WEIGHTED_LOSS_H_
#define KERAS_XENT_WEIGHTED_LOSS_H_

#include <algorithm>
#include <vector>

#include "base/cache_size.h"
#include "base/convert.h"
#include "base/floating_point.h"
#include "kernels.h"
#include "pieces.h"
#include "reduction.h"
#include "task.h"
#include "unusual_losses.h"
#include "weights.h"

namespace keras_xent {

// Tensors that are larger than this don't fit in a core's own caches.
constexpr int64_t kLargeBytes = 8 << 20;

template <typename Loss, typename T>
Task<Loss, T> MakeTask(const Examples<Loss, T>& examples, T* backprop, double unit_coefficient) {
  const int64_t bytes = examples.extents.elements() * static_cast<int64_t>(sizeof(T));
  const bool is_large = bytes > kLargeBytes;
  const bool is_aligned = reinterpret_cast<uintptr_t>(backprop) % kLineBytes == 0;
  const bool is_huge = bytes > MostCachedBytes();
  return {examples, backprop, unit_coefficient, is_large, is_large && is_aligned, is_huge};
}

struct WeightedSum {
  double sum;
  bool has_unusual_losses;
};

// Weights the losses of a piece. Stores them in `values` if it is not null, otherwise
// adds them to the sum.
template <typename Loss, typename T>
WeightedSum AddUp(const Piece<Real<T>>& piece, Real<T> one_weight, T* values) {
  double sum = 0;
  uint64_t most_bits = 0;
  if constexpr (Loss::kHasClassAxis) {
    for (int64_t i = 0; i < piece.end - piece.begin; ++i) {
      most_bits = std::max(most_bits, OrderedBits(piece.losses[i]));
      const double weight = piece.weights ? piece.weights[i] : one_weight;
      const double weighted = piece.losses[i] * weight;
      if (values) {
        values[i] = FromDouble<T>(weighted);
      } else {
        sum += weighted;
      }
    }
  } else {
    const ElementLosses found = CurrentKernels<T>().add_up_elements(piece, one_weight, values);
    sum = found.sum;
    most_bits = found.most_bits;
  }
  return {sum, most_bits > OrderedBits(kMostUsualLoss<Real<T>>)};
}

// Writes the value to `value` (for kNone one for each example, otherwise one number) and, if
// `backprop` is not null, the gradient of the value's sum with respect to the logits.
//
// The bits do not depend on the number of threads. Throws std::bad_alloc, like the
// function below.
template <typename Loss, typename T>
void Forward(const Examples<Loss, T>& examples, const Weights<Real<T>>& weights,
             Reduction reduction, T* value, T* backprop) {
  IeeeArithmetic ieee;  // for the work outside the pieces
  const double denominator = Denominator(reduction, weights, examples.extents.examples());
  const Real<T> one_weight = weights.is_one() ? weights.one() : Real<T>(1);
  const double unit_coefficient = (denominator != 0 ? 1.0 / denominator : 0.0) * one_weight;
  const Task<Loss, T> task = MakeTask(examples, backprop, unit_coefficient);
  const bool is_reduced = reduction != Reduction::kNone;

  const LossFunction<Loss, T> compute = CurrentKernel<Loss, T>();
  const Pieces pieces(examples.extents);
  std::vector<double> partial_sums(static_cast<size_t>(pieces.count()));
  ForEachPiece(pieces, [&](int64_t index) {
    double losses[kMostExamplesPerPiece];
    Real<T> room[kMostExamplesPerPiece];
    Piece<Real<T>> piece = {pieces.begin(index), pieces.end(index), nullptr, losses};
    if (!weights.is_one()) piece.weights = weights.Of(piece.begin, piece.end, room);
    compute(task, piece);
    T* values = is_reduced ? nullptr : value + piece.begin;
    WeightedSum weighted = AddUp<Loss>(piece, one_weight, values);
    // Detected during the pass, because checking beforehand would be another pass.
    if (weighted.has_unusual_losses) {
      CorrectUnusualLosses(examples, piece);
      weighted = AddUp<Loss>(piece, one_weight, values);
    }
    partial_sums[static_cast<size_t>(index)] = weighted.sum;
  });
  if (!is_reduced) return;

  double total = 0;
  for (double sum : partial_sums) total += sum;
  total = InRange<Real<T>>(total);
  *value = FromDouble<T>(denominator != 0 ? total / denominator : 0.0);
}

// Writes the examples' backprops times their coefficients.
template <typename Loss, typename T>
void WeightedBackprop(const Examples<Loss, T>& examples, const Weights<Real<T>>& coefficients,
                      T* backprop) {
  const bool is_one = coefficients.is_one();
  const Task<Loss, T> task = MakeTask(examples, backprop, is_one ? coefficients.one() : 1.0);
  const LossFunction<Loss, T> compute = CurrentKernel<Loss, T>();
  const Pieces pieces(examples.extents);
  ForEachPiece(pieces, [&](int64_t index) {
    Real<T> room[kMostExamplesPerPiece];
    Piece<Real<T>> piece = {pieces.begin(index), pieces.end(index), nullptr, nullptr};
    if (!is_one) piece.weights = coefficients.Of(piece.begin, piece.end, room);
    compute(task, piece);
  });
}

}  // namespace keras_xent

#endif  // KERAS_XENT_WEIGHTED_LOSS_H_
