// A softmax cross entropy in plain C++, not optimized for speed.
#ifndef KERAS_XENT_LOSSES_SOFTMAX_BY_LABELS_H_
#define KERAS_XENT_LOSSES_SOFTMAX_BY_LABELS_H_

#include <cmath>

#include "base/convert.h"
#include "task.h"

namespace keras_xent {

// An example's loss, added label by label like TensorFlow's. It overflows exactly if
// TensorFlow's does.
template <typename Loss, typename T>
double SoftmaxByLabels(const Examples<Loss, T>& examples, int64_t example) {
  using F = Real<T>;
  const Extents& extents = examples.extents;
  const T* x = examples.logits + extents.First(example);
  auto logit = [&](int64_t c) { return static_cast<F>(ToDouble(x[c * extents.inner])); };
  F max = logit(0);
  for (int64_t c = 1; c < extents.classes; ++c) max = logit(c) > max ? logit(c) : max;
  constexpr double kLowestExponent = -800;  // below it exp is 0
  double rest = 0, ties = -1;               // exps of all except one of the largest
  for (int64_t c = 0; c < extents.classes; ++c) {
    const double d = logit(c) - max;
    if (d == 0) {
      ++ties;
    } else if (!(d < kLowestExponent)) {  // NaN too
      rest += std::exp(d);
    }
  }
  const double log_sum = std::log1p(rest + ties);
  const double on = 1.0 - examples.label_smoothing;
  const double off = examples.label_smoothing / static_cast<double>(extents.classes);
  // 0, or NaN if there is no softmax. A long double, so only the last place of a long sum is off.
  long double loss = log_sum - log_sum;
  for (int64_t c = 0; c < extents.classes; ++c) {
    const double label = on * examples.labels.At(extents, example, c) + off;
    const double d = logit(c) - max;
    if (label != 0) loss += label * (log_sum - d);
  }
  return static_cast<double>(loss);
}

}  // namespace keras_xent

#endif  // KERAS_XENT_LOSSES_SOFTMAX_BY_LABELS_H_
