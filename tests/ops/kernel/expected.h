// Cases of weighted losses, and their expected results in long double.
#ifndef KERAS_XENT_TESTS_EXPECTED_H_
#define KERAS_XENT_TESTS_EXPECTED_H_

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "reduction.h"
#include "shapes.h"
#include "testing.h"
#include "weighted_loss.h"

namespace keras_xent {

struct Case {
  Extents extents;
  double label_smoothing;
  Reduction reduction;
  bool one_weight;
  double spread;  // of the logits
};

inline std::string Name(const char* type, const Case& c) {
  return std::string(type) + " " + ToString({c.extents.outer, c.extents.classes, c.extents.inner}) +
         " smoothing " + std::to_string(c.label_smoothing) + " reduction " +
         std::to_string(static_cast<int>(c.reduction)) +
         (c.one_weight ? " one weight" : " weights") + OnThisSet();
}

template <typename F>
std::vector<F> MakeWeights(const Case& c, std::mt19937& random) {
  std::uniform_real_distribution<double> uniform;
  std::vector<F> weights(c.one_weight ? 1 : c.extents.examples());
  for (F& w : weights) {
    const double drawn = uniform(random);
    w = drawn < 0.3 && !c.one_weight ? 0 : drawn + 0.5;
  }
  return weights;
}

template <typename F>
Weights<F> Of(const std::vector<F>& weights) {
  const auto count = static_cast<int64_t>(weights.size());
  return count == 1 ? Weights<F>(weights.data()) : Weights<F>(weights.data(), {count}, {count});
}

struct Expected {
  std::vector<long double> losses;    // unweighted
  std::vector<long double> backprop;  // first of the losses, then of the value
  std::vector<long double> value;
};

// Computes the value, and the backprop of the value.
template <typename F>
void Weigh(const Case& c, const std::vector<F>& weights, Expected* e) {
  const auto examples = static_cast<int64_t>(e->losses.size());
  auto weight = [&](int64_t i) { return static_cast<long double>(weights[c.one_weight ? 0 : i]); };
  long double sum = 0, weight_sum = 0, present = 0;
  for (int64_t i = 0; i < examples; ++i) {
    sum += e->losses[i] * weight(i);
    weight_sum += weight(i);
    present += weight(i) != 0;
  }
  long double denominator = 1;
  if (c.reduction == Reduction::kSumOverBatchSize) denominator = examples;
  if (c.reduction == Reduction::kMeanWithSampleWeight) denominator = weight_sum;
  if (c.reduction == Reduction::kSumByNonzeroWeights) denominator = present;
  for (int64_t i = 0; i < examples; ++i) {
    if (c.reduction == Reduction::kNone) e->value.push_back(e->losses[i] * weight(i));
    for (int64_t k = 0; k < c.extents.classes; ++k) {
      e->backprop[c.extents.First(i) + k * c.extents.inner] *=
          denominator != 0 ? weight(i) / denominator : 0;
    }
  }
  if (c.reduction != Reduction::kNone) e->value.push_back(denominator != 0 ? sum / denominator : 0);
}

// Runs a training step and an evaluation, and compares both with the expected results.
template <typename Loss, typename T>
void TestAgainst(const Expected& wanted, const std::string& name, const Case& c,
                 const Examples<Loss, T>& examples, const std::vector<Real<T>>& weights) {
  const size_t values = wanted.value.size();
  Tensor<T> training(values), evaluation(values), backprop(wanted.backprop.size());
  Forward(examples, Of(weights), c.reduction, training.data(), backprop.data());
  Forward<Loss, T>(examples, Of(weights), c.reduction, evaluation.data(), nullptr);
  const double relative = 1.01 * kRelative<T>;
  Check(AllNear(training, wanted.value, relative, 1e-7 * kRelative<T>), name + ": loss");
  bool same = true;
  for (size_t i = 0; i < values; ++i) same &= ToDouble(training[i]) == ToDouble(evaluation[i]);
  Check(same, name + ": evaluation and training have the same loss");
  // If p and y' are close, p - y' cancels, so the error is relative to the larger one.
  double largest = 0;
  for (auto g : wanted.backprop) largest = std::max(largest, std::fabs(static_cast<double>(g)));
  Check(AllNear(backprop, wanted.backprop, 2 * relative,
                2 * largest * kRelative<Real<T>> + 6e-8 * (sizeof(T) == 2)),
        name + ": backprop");
}

}  // namespace keras_xent

#endif  // KERAS_XENT_TESTS_EXPECTED_H_
