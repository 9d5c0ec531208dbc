// Weights the losses with vector instructions, if every element is an example.
#ifndef KERAS_XENT_ELEMENT_LOSSES_H_
#define KERAS_XENT_ELEMENT_LOSSES_H_

#include <cstdint>

#include "task.h"
#ifdef KERAS_XENT_ISA
#include "base/sums.h"
#include "base/vec.h"
#endif

namespace keras_xent {

struct ElementLosses {
  double sum;          // weighted
  uint64_t most_bits;  // the largest OrderedBits() of a loss
};

// Weights the losses of a piece and sums them. Also stores them in `values` if it is not null.
template <typename T>
using ElementLossesFunction = ElementLosses (*)(const Piece<Real<T>>& piece, Real<T> one_weight,
                                                T* values);

#ifdef KERAS_XENT_ISA
namespace KERAS_XENT_ISA {

template <typename T>
ElementLosses AddUpElements(const Piece<Real<T>>& piece, Real<T> one_weight, T* values) {
  using F = Real<T>;
  using V = Vec<F>;
  constexpr int64_t kStep = kLanes<F>;
  DoubleVec sums[kParts<F>] = {};
  UInt64Vec most_bits = {};
  const auto add = [&](const double* losses, V weights) __attribute__((always_inline)) {
    DoubleVec weighted[kParts<F>];
    for (int part = 0; part < kParts<F>; ++part) {
      const DoubleVec loss = Load(losses + part * kLanes<double>);
      const UInt64Vec bits = BitCast<UInt64Vec>(loss);
      most_bits = bits > most_bits ? bits : most_bits;
      weighted[part] = loss * ToDoubles(weights, part);
      sums[part] += weighted[part];
    }
    return FromDoubles(F(), weighted[0], weighted[kParts<F> - 1]);
  };
  const int64_t count = piece.end - piece.begin;
  const V one_weights = Broadcast<F>(one_weight);
  int64_t i = 0;
  for (; i + kStep <= count; i += kStep) {
    const V weighted = add(piece.losses + i, piece.weights ? Load(piece.weights + i) : one_weights);
    if (values) Store(values + i, weighted);
  }
  if (i < count) {
    double losses[kStep] = {};
    CopyFew<kStep / 2>(piece.losses + i, losses, count - i);
    const V weighted =
        add(losses, piece.weights ? LoadPartial(piece.weights + i, count - i) : one_weights);
    if (values) StorePartial(values + i, weighted, count - i);
  }
  ElementLosses result = {0, 0};
  for (int lane = 0; lane < kLanes<double>; ++lane) {
    for (int part = 0; part < kParts<F>; ++part) result.sum += sums[part][lane];
    if (most_bits[lane] > result.most_bits) result.most_bits = most_bits[lane];
  }
  return result;
}

}  // namespace KERAS_XENT_ISA
#endif

}  // namespace keras_xent

#endif  // KERAS_XENT_ELEMENT_LOSSES_H_
