// Softmax cross entropy with dense labels, compared with long double.
#include "losses/softmax_cross_entropy.h"

#include <algorithm>
#include <limits>

#include "softmax.h"

namespace keras_xent {
namespace {

template <typename T>
void TestType() {
  TestShapes<SoftmaxCrossEntropy, T>();
  TestLongRows<SoftmaxCrossEntropy, T>(false);
  TestMaskedClasses<SoftmaxCrossEntropy, T>();
}

KERAS_XENT_TEST(Runs::kOnEverySet, TestHalf) { TestType<Half>(); }
KERAS_XENT_TEST(Runs::kOnEverySet, TestBFloat16) { TestType<BFloat16>(); }
KERAS_XENT_TEST(Runs::kOnEverySet, TestFloat) { TestType<float>(); }
KERAS_XENT_TEST(Runs::kOnEverySet, TestDouble) { TestType<double>(); }

KERAS_XENT_TEST(Runs::kOnEverySet, TestThreads) { TestSameBitsOnAnyThreads<SoftmaxCrossEntropy>(); }

// ---- single facts ----------------------------------------------------------

struct Row {
  double loss;
  std::vector<double> backprop;
};

template <typename T>
Row RunRow(const std::vector<double>& logits, const std::vector<double>& labels) {
  std::vector<T> x, y, g(logits.size());
  for (double v : logits) x.push_back(FromDouble<T>(v));
  for (double v : labels) y.push_back(FromDouble<T>(v));
  const std::vector<Real<T>> one = {1};
  const Extents extents = {1, static_cast<int64_t>(x.size()), 1};
  const Examples<SoftmaxCrossEntropy, T> examples = {x.data(), {y.data()}, extents, 0.0};
  T loss;
  Forward(examples, Of(one), Reduction::kNone, &loss, g.data());
  Row row = {ToDouble(loss), {}};
  for (T v : g) row.backprop.push_back(ToDouble(v));
  return row;
}

template <typename T>
void TestExtremes() {
  const std::string name = std::string(" of ") + NameOf<T>::value + OnThisSet();
  Row row = RunRow<T>({-INFINITY, 0, 0}, {0, 1, 0});
  Check(std::fabs(row.loss - std::log(2.0)) < 4e-3, "a -inf logit without label mass" + name);
  Check(row.backprop[0] == 0, "no gradient for a -inf logit" + name);
  row = RunRow<T>({-INFINITY, 0, 0}, {1, 0, 0});
  Check(row.loss == INFINITY, "a -inf logit with label mass" + name);
  Check(std::isnan(RunRow<T>({INFINITY, 0, 0}, {0, 1, 0}).loss), "a +inf logit" + name);
  Check(std::isnan(RunRow<T>({NAN, 0, 0}, {0, 1, 0}).loss), "a NaN logit" + name);
  Check(std::isnan(RunRow<T>({NAN, 0, 0}, {0, 0, 0}).loss), "NaN without labels" + name);
  Check(std::isnan(RunRow<T>({-INFINITY, -INFINITY}, {0, 1}).loss), "no finite logit" + name);
  Check(RunRow<T>({1, 2, 3}, {0, 0, 0}).loss == 0, "no labels" + name);
  Check(RunRow<T>({5}, {1}).loss == 0, "one class" + name);
  Check(!std::signbit(RunRow<T>({5}, {-1}).loss), "a loss of 0 has no sign" + name);
  for (const int64_t classes : {3, 70, 4099}) {
    std::vector<double> logits(classes, -0.8 * ToDouble(Largest(Real<T>()))), labels(classes, 0.1);
    logits[classes - 2] = -logits[0];
    const double loss = RunRow<T>(logits, labels).loss;
    // Half can't represent these logits: they become infinite.
    Check(sizeof(T) == sizeof(Half) ? !std::isfinite(loss) : loss == INFINITY,
          "a difference beyond the range" + name);
  }
  row = RunRow<T>({60000, -60000, 0}, {0, 1, 0});
  Check(row.loss > 1e5, "a huge loss" + name);
  row = RunRow<T>({2, 2, 2, 2}, {1, 0, 0, 0});
  Check(std::fabs(row.loss - std::log(4.0)) < 4e-3, "equal logits" + name);
  Check(row.backprop[0] == -0.75 && row.backprop[1] == 0.25, "equal logits' gradient" + name);
}

KERAS_XENT_TEST(Runs::kOnEverySet, TestExtremes) {
  TestExtremes<Half>();
  TestExtremes<BFloat16>();
  TestExtremes<float>();
  TestExtremes<double>();
}

// A row without weight has a loss of 0, unless a logit makes it NaN: 0 * NaN is NaN.
KERAS_XENT_TEST(Runs::kOnEverySet, TestNoWeight) {
  for (const int64_t classes : {5, 100, 4099}) {
    for (const int64_t at : {int64_t{0}, classes / 2, classes - 1}) {
      for (const float logit : {1.0f, INFINITY}) {
        std::vector<float> x(2 * classes, 1.0f), y(2 * classes, 0.0f);
        y[0] = y[classes] = 1.0f;
        x[at] = logit;
        const float weights[2] = {0, 1};
        const Examples<SoftmaxCrossEntropy, float> examples = {
            x.data(), {y.data()}, {2, classes, 1}, 0};
        float losses[2];
        std::vector<float> backprop(2 * classes);
        Forward(examples, Weights<float>(weights, {2}, {2}), Reduction::kNone, losses,
                backprop.data());
        const bool is_nan = std::isinf(logit);
        Check((is_nan ? std::isnan(losses[0]) : losses[0] == 0) &&
                  (is_nan ? std::isnan(backprop[at]) : backprop[at] == 0) &&
                  std::fabs(losses[1] - std::log(static_cast<float>(classes))) < 1e-5f,
              "weight 0 and a logit of " + std::to_string(logit) + " at " + std::to_string(at) +
                  " of " + std::to_string(classes) + OnThisSet());
      }
    }
  }
}

// The last logit is the largest, and its class is the label: the loss is small, and an error in
// the sum over the other classes is an error of the loss.
template <typename T>
void CheckLossOfLargest(const std::string& what, const std::vector<double>& logits) {
  std::vector<double> labels(logits.size());
  labels.back() = 1;
  long double rest = 0;
  for (size_t k = 0; k + 1 < logits.size(); ++k) {
    rest += std::exp(static_cast<long double>(logits[k]) - logits.back());
  }
  const auto error = RunRow<T>(logits, labels).loss / std::log1p(rest) - 1;
  Check(std::fabs(error) <= 2 * std::numeric_limits<T>::epsilon(), what + OnThisSet());
}

KERAS_XENT_TEST(Runs::kOnEverySet, TestPrecision) {
  const std::string name = OnThisSet();
  // A dominant class: p - 1 would be 0.
  const Row row = RunRow<double>({40, 3, 2.5}, {1, 0, 0});
  const long double rest = std::exp(-37.0L) + std::exp(-37.5L);
  const double others = static_cast<double>(rest / (1 + rest));
  Check(std::fabs(row.backprop[0] / -others - 1) < 1e-13, "a dominant class's gradient" + name);
  Check(std::fabs(row.loss / static_cast<double>(std::log1p(rest)) - 1) < 1e-13,
        "a loss near 0" + name);
  Check(std::fabs(row.backprop[1] / static_cast<double>(std::exp(-37.0L) / (1 + rest)) - 1) < 1e-13,
        "a tail's probability" + name);
  // In float, x - m is rounded here. The kernel must keep the rounding error.
  const Row rounded = RunRow<float>({0.1, 20.1}, {0, 1});
  const long double d = static_cast<long double>(0.1f) - 20.1f;
  Check(std::fabs(rounded.loss / static_cast<double>(std::log1p(std::exp(d))) - 1) < 0x1p-23,
        "the difference's rounding error" + name);
  // The sums so far get another scale.
  std::vector<double> rising(1100);
  for (size_t k = 0; k < rising.size(); ++k) rising[k] = -0.25 * (k % 4);
  rising.back() = 25;
  CheckLossOfLargest<double>("a larger logit after many", rising);
  // Adding any one of these exps to the sum so far is lost in float, and together they count.
  std::vector<double> falling(257, -17.25);
  std::fill_n(falling.begin(), 16, -1.0);
  falling.back() = 0;
  CheckLossOfLargest<float>("many small exps after larger ones", falling);
}

}  // namespace
}  // namespace keras_xent
