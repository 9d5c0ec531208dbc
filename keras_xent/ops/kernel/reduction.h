// How weighted losses are reduced to the value.
#ifndef KERAS_XENT_REDUCTION_H_
#define KERAS_XENT_REDUCTION_H_

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "pieces.h"
#include "weights.h"

namespace keras_xent {

// With losses l and weights w, which are first broadcast to l. A division by zero returns 0.
enum class Reduction {
  kNone,                  // l * w
  kSum,                   // sum(l * w)
  kSumOverBatchSize,      // sum(l * w) / count(l)
  kMeanWithSampleWeight,  // sum(l * w) / sum(w)
  kSumByNonzeroWeights,   // sum(l * w) / count(w != 0)
};

// A sum in F, like TensorFlow's: infinite beyond F's range. It is never -0, even if a negative sum
// is too small for F.
template <typename F>
double InRange(double sum) {
  const F stored = static_cast<F>(sum);
  if (stored == 0) return sum > 0 ? sum : 0.0;
  return std::isinf(stored) ? stored : sum;
}

// The sum of of(weight) over the examples, in the weights' order. If there are very many, they
// are summed by pieces, on all threads.
template <typename Sum, typename F, typename Of>
Sum SumOverWeights(const Weights<F>& weights, int64_t examples, Of of) {
  constexpr int64_t kFew = 1 << 20;
  const int64_t count = weights.count();
  if (examples == 0) return 0;
  const int64_t examples_of_each = examples / count;
  auto add = [&](int64_t begin, int64_t end, Sum sum) {
    for (int64_t i = begin; i < end; ++i) sum += of(weights.data()[i]);
    return sum;
  };
  if (count <= kFew) return add(0, count, 0) * examples_of_each;
  const Pieces pieces({count, 1, 1});
  std::vector<Sum> sums(static_cast<size_t>(pieces.count()));
  ForEachPiece(pieces, [&](int64_t piece) {
    sums[static_cast<size_t>(piece)] = add(pieces.begin(piece), pieces.end(piece), 0);
  });
  Sum total = 0;
  for (Sum sum : sums) total += sum;
  return total * examples_of_each;
}

// The denominator of the sum of the weighted losses.
template <typename F>
double Denominator(Reduction reduction, const Weights<F>& weights, int64_t examples) {
  const auto count = static_cast<double>(examples);
  switch (reduction) {
    case Reduction::kNone:
    case Reduction::kSum:
      return 1.0;
    case Reduction::kSumOverBatchSize:
      return count;
    case Reduction::kMeanWithSampleWeight:
      if (weights.is_one()) return count * weights.one();
      return InRange<F>(SumOverWeights<double>(weights, examples, [](F weight) { return weight; }));
    case Reduction::kSumByNonzeroWeights:
      if (weights.is_one()) return weights.one() != 0 ? count : 0.0;
      return static_cast<double>(
          SumOverWeights<int64_t>(weights, examples, [](F weight) { return weight != 0; }));
  }
  return 1.0;
}

}  // namespace keras_xent

#endif  // KERAS_XENT_REDUCTION_H_
