// Sigmoid cross entropy, compared with long double.
#include "losses/sigmoid_cross_entropy.h"

#include <algorithm>
#include <cmath>
#include <random>
#include <string>
#include <vector>

#include "base/thread_pool.h"
#include "expected.h"

namespace keras_xent {
namespace {

using Loss = SigmoidCrossEntropy;

template <typename T>
struct Tensors {
  Case c;
  std::vector<T> logits, labels;
  std::vector<Real<T>> weights;

  Examples<Loss, T> examples() const {
    return {logits.data(), {labels.data()}, c.extents, c.label_smoothing};
  }
};

// A third of the labels are 0, a third are 1, and a third are in between.
template <typename T>
Tensors<T> Make(const Case& c) {
  std::mt19937 random(1);
  std::normal_distribution<double> normal;
  std::uniform_real_distribution<double> uniform;
  Tensors<T> t;
  t.c = c;
  for (int64_t i = 0; i < c.extents.examples(); ++i) {
    t.logits.push_back(FromDouble<T>(c.spread * normal(random)));
    const auto kind = random() % 3;
    t.labels.push_back(FromDouble<T>(kind < 2 ? static_cast<double>(kind) : uniform(random)));
  }
  t.weights = MakeWeights<Real<T>>(c, random);
  return t;
}

struct Exact {
  long double loss, backprop;
};

Exact ExactOf(long double x, long double y, long double smoothing) {
  const long double opposite = (x < 0 ? y : 1 - y) * (1 - smoothing) + smoothing / 2;
  const long double e = std::exp(-std::fabs(x));
  const long double backprop = opposite - e / (1 + e);
  return {std::log1p(e) + std::fabs(x) * opposite, x < 0 ? -backprop : backprop};
}

template <typename T>
Expected Reference(const Tensors<T>& t) {
  Expected e;
  for (size_t i = 0; i < t.logits.size(); ++i) {
    const Exact exact = ExactOf(ToDouble(t.logits[i]), ToDouble(t.labels[i]), t.c.label_smoothing);
    e.losses.push_back(exact.loss);
    e.backprop.push_back(exact.backprop);
  }
  Weigh(t.c, t.weights, &e);
  return e;
}

template <typename T>
void TestAgainstReference(const Case& c) {
  const Tensors<T> t = Make<T>(c);
  TestAgainst(Reference(t), std::string(Loss::kName) + " " + Name(NameOf<T>::value, c), c,
              t.examples(), t.weights);
}

template <typename T>
void TestType() {
  for (const Reduction reduction :
       {Reduction::kNone, Reduction::kSum, Reduction::kSumOverBatchSize,
        Reduction::kMeanWithSampleWeight, Reduction::kSumByNonzeroWeights}) {
    for (const bool one_weight : {false, true}) {
      for (const double smoothing : {0.0, 0.1, 1.0}) {
        TestAgainstReference<T>({{1001, 1, 1}, smoothing, reduction, one_weight, 3});
      }
    }
  }
  // Around vector widths and piece sizes.
  for (int64_t count = 0; count <= 70; ++count) {
    TestAgainstReference<T>({{count, 1, 1}, 0.1, Reduction::kNone, false, 5});
    TestAgainstReference<T>({{count, 1, 1}, 0.1, Reduction::kSum, false, 5});
  }
  for (const int64_t count : {4095, 4096, 4097, 100003}) {
    TestAgainstReference<T>({{count, 1, 1}, 0.1, Reduction::kNone, false, 5});
  }
  // Written past the caches.
  TestAgainstReference<T>({{(kLargeBytes + 100) / static_cast<int64_t>(sizeof(T)), 1, 1},
                           0.0,
                           Reduction::kSumByNonzeroWeights,
                           true,
                           5});
}

KERAS_XENT_TEST(Runs::kOnEverySet, TestHalf) { TestType<Half>(); }
KERAS_XENT_TEST(Runs::kOnEverySet, TestBFloat16) { TestType<BFloat16>(); }
KERAS_XENT_TEST(Runs::kOnEverySet, TestFloat) { TestType<float>(); }
KERAS_XENT_TEST(Runs::kOnEverySet, TestDouble) { TestType<double>(); }

// A weight of a row or a column applies to each of its elements.
KERAS_XENT_TEST(Runs::kOnEverySet, TestBroadcastWeights) {
  const int64_t rows = 703, columns = 21;
  for (const Reduction reduction :
       {Reduction::kNone, Reduction::kMeanWithSampleWeight, Reduction::kSumByNonzeroWeights}) {
    for (const bool of_rows : {true, false}) {
      const Tensors<float> t = Make<float>({{rows * columns, 1, 1}, 0.1, reduction, false, 3});
      const Dims shape = of_rows ? Dims{rows, 1} : Dims{1, columns}, losses = {rows, columns};
      std::vector<float> all;
      for (int64_t i = 0; i < rows * columns; ++i) {
        all.push_back(t.weights[of_rows ? i / columns : i % columns]);
      }
      auto run = [&](const Weights<float>& weights) {
        std::vector<float> results(2 * t.logits.size());
        Forward(t.examples(), weights, reduction, results.data(), results.data() + t.logits.size());
        return results;
      };
      Check(run({t.weights.data(), shape, losses}) == run({all.data(), losses, losses}),
            std::string("weights of ") + (of_rows ? "rows" : "columns") + OnThisSet());
    }
  }
}

KERAS_XENT_TEST(Runs::kOnEverySet, TestThreads) {
  const Tensors<float> t =
      Make<float>({{200003, 1, 1}, 0.1, Reduction::kSumByNonzeroWeights, false, 3});
  std::vector<std::vector<float>> results;
  for (const int threads : {1, 2, 5}) {
    SetNumThreads(threads);
    std::vector<float> result(t.logits.size() + 1);
    Forward(t.examples(), Of(t.weights), t.c.reduction, &result[0], &result[1]);
    results.push_back(result);
  }
  Check(results[0] == results[1] && results[0] == results[2],
        "sigmoid: same bits on any number of threads" + OnThisSet());
  SetNumThreads(0);
}

// 1 divided by their sum is beyond float's range, but the coefficients aren't.
KERAS_XENT_TEST(Runs::kOnEverySet, TestTinyWeights) {
  const std::vector<float> x(100, 0.0f), y(100, 0.0f), weights(100, 1e-41f);
  const Examples<Loss, float> examples = {x.data(), {y.data()}, {100, 1, 1}, 0};
  std::vector<float> results(101);
  Forward(examples, Of(weights), Reduction::kMeanWithSampleWeight, &results[0], &results[1]);
  for (int i = 1; i <= 100; ++i) {
    Check(std::fabs(results[i] - 0.005f) < 1e-6f, "the backprop of tiny weights" + OnThisSet());
  }
}

// ---- the worst of many -------------------------------------------------------

double UlpsOf(float got, long double exact) { return Ulps(got, static_cast<double>(exact)); }
double UlpsOf(double got, long double exact) {
  int exponent;
  std::frexp(static_cast<double>(exact), &exponent);
  return std::fabs(static_cast<double>(got - exact)) / std::ldexp(1.0, exponent - 53);
}

struct Worst {
  double loss = 0, backprop = 0;  // in units in the last place
};

// For logits on both sides of 0, from the smallest ones to those for which exp(-|x|) is subnormal.
template <typename T>
Worst WorstOf(double label, double smoothing) {
  const double far = sizeof(T) == sizeof(float) ? 87 : 708;
  std::vector<T> x, y, losses, backprop;
  std::mt19937 random(2);
  std::uniform_real_distribution<double> uniform;
  for (int64_t i = 0; i < OfMany(100000); ++i) {
    const double share = uniform(random);
    const double distance = i % 3 == 0   ? far * share
                            : i % 3 == 1 ? share
                                         : std::exp((share - 0.9) * 40);
    x.push_back(static_cast<T>(std::min(distance, far) * (random() % 2 ? 1 : -1)));
  }
  y.assign(x.size(), static_cast<T>(label));
  losses.resize(x.size());
  backprop.resize(x.size());
  const T one = 1;
  const Examples<Loss, T> examples = {
      x.data(), {y.data()}, {static_cast<int64_t>(x.size()), 1, 1}, smoothing};
  Forward(examples, Weights<T>(&one), Reduction::kNone, losses.data(), backprop.data());
  Worst worst;
  for (size_t i = 0; i < x.size(); ++i) {
    const Exact exact = ExactOf(x[i], y[i], smoothing);
    worst.loss = std::max(worst.loss, UlpsOf(losses[i], exact.loss));
    worst.backprop = std::max(worst.backprop, UlpsOf(backprop[i], exact.backprop));
  }
  return worst;
}

template <typename T>
void TestWorst() {
  // Losses are rounded once, at the end, which is half a unit. The rest comes from exp and log1p.
  const double most = sizeof(T) == sizeof(double) ? 1.55 : 1.75;
  for (const double smoothing : {0.0, 0.1, 0.3}) {
    for (const double label : {0.0, 1.0, 0.9, 0.3, 0x1p-60}) {
      const Worst worst = WorstOf<T>(label, smoothing);
      const std::string name = std::string(" of ") + NameOf<T>::value + ", label " +
                               std::to_string(label) + ", smoothing " + std::to_string(smoothing) +
                               OnThisSet();
      if (!(worst.loss <= most)) std::printf("  %.2f units in the last place\n", worst.loss);
      Check(worst.loss <= most, "the worst loss" + name);
      // A label that is neither 0 nor 1 can cancel with the probability.
      if (smoothing != 0 || (label != 0 && label != 1)) continue;
      if (!(worst.backprop <= 3)) std::printf("  %.2f units in the last place\n", worst.backprop);
      Check(worst.backprop <= 3, "the worst backprop, including tails," + name);
    }
  }
}

KERAS_XENT_TEST(Runs::kOnEverySet, TestWorstOfMany) {
  TestWorst<float>();
  TestWorst<double>();
}

// ---- single elements ---------------------------------------------------------

struct Element {
  double loss, backprop;
};

template <typename T>
Element Run(double logit, double label, double smoothing = 0, double weight = 1) {
  const T x = FromDouble<T>(logit), y = FromDouble<T>(label);
  const auto w = static_cast<Real<T>>(weight);
  const Examples<Loss, T> examples = {&x, {&y}, {1, 1, 1}, smoothing};
  T loss, backprop;
  Forward(examples, Weights<Real<T>>(&w), Reduction::kNone, &loss, &backprop);
  return {ToDouble(loss), ToDouble(backprop)};
}

// Labels that aren't probabilities, so the terms may cancel, and a weight below 0.
template <typename T>
void TestAnyLabels(double weight) {
  for (const double label : {-3.0, -0.25, 1.5, 1e6}) {
    for (const double logit : {-70.0, -1.0, -1e-3, 0.0, 0.5, 9.0}) {
      const Element got = Run<T>(logit, label, 0.1, weight);
      const long double y = ToDouble(FromDouble<T>(label)), x = ToDouble(FromDouble<T>(logit));
      const Exact exact = ExactOf(x, y, 0.1L);
      const double error =
          kRelative<T> * std::fabs(weight) * (1 + std::fabs(label)) * (1 + std::fabs(logit));
      const auto is_near = [&](double found, long double expected) {
        return std::fabs(static_cast<double>(found - weight * expected)) <= error;
      };
      Check(is_near(got.loss, exact.loss) && is_near(got.backprop, exact.backprop),
            "label " + std::to_string(label) + " at " + std::to_string(logit) + " with weight " +
                std::to_string(weight) + " of " + NameOf<T>::value + OnThisSet());
    }
  }
}

KERAS_XENT_TEST(Runs::kOnEverySet, TestAnyLabels) {
  for (const double weight : {1.0, -2.0}) {
    TestAnyLabels<BFloat16>(weight);
    TestAnyLabels<float>(weight);
    TestAnyLabels<double>(weight);
  }
}

template <typename T>
void TestExtremes() {
  const std::string name = std::string(" of ") + NameOf<T>::value + OnThisSet();
  const auto check = [&](const Element& got, double loss, double backprop, const char* what) {
    const auto is = [](double a, double b) { return a == b || (std::isnan(a) && std::isnan(b)); };
    Check(is(got.loss, loss) && is(got.backprop, backprop), what + name);
  };
  const double largest = ToDouble(Largest(T()));
  check(Run<T>(-INFINITY, 0), 0, 0, "a logit of -inf and label 0");
  check(Run<T>(INFINITY, 1), 0, 0, "a logit of inf and label 1");
  check(Run<T>(-INFINITY, 1), INFINITY, -1, "a logit of -inf and label 1");
  check(Run<T>(INFINITY, 0), INFINITY, 1, "a logit of inf and label 0");
  check(Run<T>(-INFINITY, 0.5), INFINITY, -0.5, "a logit of -inf and label 1/2");
  check(Run<T>(INFINITY, 0.5), INFINITY, 0.5, "a logit of inf and label 1/2");
  check(Run<T>(-INFINITY, 0, 0.5), INFINITY, -0.25, "a logit of -inf and a smoothed label");
  check(Run<T>(-INFINITY, -1), -INFINITY, 1, "a logit of -inf and label -1");
  check(Run<T>(200, INFINITY), -INFINITY, -INFINITY, "a label of inf");
  check(Run<T>(NAN, 0), NAN, NAN, "a logit of NaN and label 0");
  check(Run<T>(NAN, 1), NAN, NAN, "a logit of NaN and label 1");
  check(Run<T>(1, NAN), NAN, NAN, "a label of NaN");
  check(Run<T>(-INFINITY, 1, 0, 0), NAN, 0, "weight 0 and an infinite loss");
  check(Run<T>(5, 1, 0, 0), 0, 0, "weight 0");
  check(Run<T>(1e4, 1), 0, 0, "a logit of 1e4 and label 1");
  check(Run<T>(-1e4, 0), 0, 0, "a logit of -1e4 and label 0");
  check(Run<T>(largest, 0), largest, 1, "the largest logit and label 0");
  check(Run<T>(-largest, 1), largest, -1, "the lowest logit and label 1");
  check(Run<T>(largest, 1), 0, 0, "the largest logit and label 1");
  check(Run<T>(-largest, 0), 0, 0, "the lowest logit and label 0");
  check(Run<T>(-largest, 2), INFINITY, -2, "a loss beyond the range");
  const double ln2 = ToDouble(FromDouble<T>(std::log(2.0)));
  check(Run<T>(0, 1), ln2, -0.5, "a logit of 0");
  check(Run<T>(-0.0, 1), ln2, -0.5, "a logit of -0");
  check(Run<T>(-0.0, 0), ln2, 0.5, "a logit of -0 and label 0");
}

KERAS_XENT_TEST(Runs::kOnEverySet, TestExtremes) {
  TestExtremes<Half>();
  TestExtremes<BFloat16>();
  TestExtremes<float>();
  TestExtremes<double>();
  // TensorFlow's x * y, and so its loss, is beyond float's range here.
  Check(Run<float>(3e38, 2).loss == -INFINITY, "a product beyond the range" + OnThisSet());
  // If the sum of losses is beyond the range, the mean is infinite too.
  const float x[] = {-3e38f, -3e38f}, y[] = {1, 1}, one = 1;
  const Examples<Loss, float> examples = {x, {y}, {2, 1, 1}, 0};
  float mean;
  Forward<Loss, float>(examples, Weights<float>(&one), Reduction::kSumOverBatchSize, &mean,
                       nullptr);
  Check(mean == INFINITY, "a sum beyond the range" + OnThisSet());
}

}  // namespace
}  // namespace keras_xent
