// Losses that the row kernels may have got wrong, or that TensorFlow writes otherwise.
#ifndef KERAS_XENT_UNUSUAL_LOSSES_H_
#define KERAS_XENT_UNUSUAL_LOSSES_H_

#include <cmath>
#include <cstring>
#include <limits>

#include "convert.h"
#include "softmax_cross_entropy.h"

namespace keras_xent {

// The square root of F's largest number. Where a sum over the classes overflows in a row
// kernel, or where a difference of two logits has to, the loss is beyond this, unless the
// label there is next to nothing (5e-20 for float).
template <typename F>
constexpr double kMostUsualLoss = sizeof(F) == sizeof(double) ? 0x1p512 : 0x1p64;

// Bits that are in the order of the losses, if those of -0, of negative losses and of NaN come
// after all others: an unusual one among many shows as the largest.
inline uint64_t OrderedBits(double loss) {
  uint64_t bits;
  std::memcpy(&bits, &loss, sizeof(bits));
  return bits;
}

// A sum that TensorFlow has in F: infinite beyond F's range, and never -0, which a negative
// one too small for F would become.
template <typename F>
double InRange(double sum) {
  const F stored = static_cast<F>(sum);
  if (stored == 0) return sum > 0 ? sum : 0.0;
  return std::isinf(stored) ? stored : sum;
}

// A position's loss as TensorFlow adds it up, smoothed label by smoothed label: it overflows
// where TensorFlow's does and nowhere else.
template <typename T>
double LossByLabels(const Problem<T>& problem, int64_t position) {
  using F = Real<T>;
  const int64_t classes = problem.classes, inner = problem.inner;
  const int64_t offset = position / inner * classes * inner + position % inner;
  auto logit = [&](int64_t c) {
    return static_cast<F>(ToDouble(problem.logits[offset + c * inner]));
  };
  F max = logit(0);
  for (int64_t c = 1; c < classes; ++c) max = logit(c) > max ? logit(c) : max;
  constexpr double kLowestExponent = -800;  // below it exp is 0
  double rest = 0, ties = -1;               // exps of all but one of the largest
  for (int64_t c = 0; c < classes; ++c) {
    const double d = logit(c) - max;
    if (d == 0) {
      ++ties;
    } else if (!(d < kLowestExponent)) {  // NaN too
      rest += std::exp(d);
    }
  }
  const double log_sum = std::log1p(rest + ties);
  const double on = 1.0 - problem.label_smoothing;
  const double off = problem.label_smoothing / static_cast<double>(classes);
  // 0, or NaN where there is no softmax. Wide, for of one long sum only the last place may be off.
  long double loss = log_sum - log_sum;
  for (int64_t c = 0; c < classes; ++c) {
    const double label = on * ToDouble(problem.labels[offset + c * inner]) + off;
    const double d = logit(c) - max;
    if (label != 0) loss += label * (log_sum - d);
  }
  return static_cast<double>(loss);
}

// Corrects the losses of the positions from `begin` on, as a row kernel has left them.
template <typename T>
void CorrectUnusualLosses(const Problem<T>& problem, int64_t begin, int64_t end, double* losses) {
  using F = Real<T>;
  for (int64_t p = begin; p < end; ++p) {
    double& loss = losses[p - begin];
    if (!(std::fabs(loss) <= kMostUsualLoss<F>)) loss = LossByLabels(problem, p);
    loss = InRange<F>(loss);
  }
}

}  // namespace keras_xent

#endif  // KERAS_XENT_UNUSUAL_LOSSES_H_
