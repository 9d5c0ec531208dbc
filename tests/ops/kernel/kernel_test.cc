// The kernels' own test: the arithmetic against long double, on every
// instruction set that this processor has. No TensorFlow, no test framework.
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "backprop_memory.h"
#include "convert.h"
#include "instruction_set.h"
#include "softmax_cross_entropy.h"
#include "thread_pool.h"

namespace keras_xent {
namespace {

int passed = 0, failed = 0;

void Check(bool condition, const std::string& what) {
  ++(condition ? passed : failed);
  if (!condition) std::printf("FAILED: %s\n", what.c_str());
}

Half Largest(Half) { return {0x7bff}; }
BFloat16 Largest(BFloat16) { return {0x7f7f}; }
float Largest(float) { return std::numeric_limits<float>::max(); }
double Largest(double) { return std::numeric_limits<double>::max(); }

// ---- a reference -----------------------------------------------------------

struct Case {
  int64_t outer, classes, inner;
  double label_smoothing;
  Reduction reduction;
  bool one_weight;
  double spread;  // of the logits
};

std::string Name(const char* type, const Case& c) {
  return std::string(type) + " (" + std::to_string(c.outer) + ", " + std::to_string(c.classes) +
         ", " + std::to_string(c.inner) + ") smoothing " + std::to_string(c.label_smoothing) +
         " reduction " + std::to_string(static_cast<int>(c.reduction)) +
         (c.one_weight ? " one weight" : " weights") + " on " + CurrentInstructionSet().name;
}

template <typename T>
struct Tensors {
  std::vector<T> logits, labels;
  std::vector<Real<T>> weights;
  Problem<T> problem = {};
};

template <typename T>
Tensors<T> Make(const Case& c, unsigned seed) {
  std::mt19937 random(seed);
  std::normal_distribution<double> normal;
  std::uniform_real_distribution<double> uniform;
  Tensors<T> t;
  const int64_t size = c.outer * c.classes * c.inner;
  t.logits.resize(size);
  t.labels.resize(size);
  for (T& x : t.logits) x = FromDouble<T>(c.spread * normal(random));
  for (int64_t o = 0; o < c.outer; ++o) {
    for (int64_t i = 0; i < c.inner; ++i) {
      double sum = 0;
      std::vector<double> y(c.classes);
      for (double& v : y) sum += v = uniform(random) < 0.5 ? 0.0 : uniform(random);
      for (int64_t k = 0; k < c.classes; ++k) {
        t.labels[(o * c.classes + k) * c.inner + i] = FromDouble<T>(sum > 0 ? y[k] / sum : 0);
      }
    }
  }
  t.weights.resize(c.one_weight ? 1 : c.outer * c.inner);
  for (auto& w : t.weights) {
    const double drawn = uniform(random);
    w = drawn < 0.3 && !c.one_weight ? 0 : drawn + 0.5;
  }
  t.problem.logits = t.logits.data();
  t.problem.labels = t.labels.data();
  t.problem.outer = c.outer;
  t.problem.classes = c.classes;
  t.problem.inner = c.inner;
  t.problem.label_smoothing = c.label_smoothing;
  t.problem.weights = t.weights.data();
  t.problem.one_weight = c.one_weight;
  t.problem.reduction = c.reduction;
  return t;
}

struct Expected {
  std::vector<long double> losses;  // unweighted
  std::vector<long double> backprop;
  std::vector<long double> result;
};

template <typename T>
Expected Reference(const Tensors<T>& t) {
  const Problem<T>& p = t.problem;
  Expected e;
  e.losses.resize(p.positions());
  e.backprop.resize(p.positions() * p.classes);
  const long double on = 1 - static_cast<long double>(p.label_smoothing);
  const long double off = static_cast<long double>(p.label_smoothing) / p.classes;
  long double sum = 0, weight_sum = 0, present = 0;
  for (int64_t q = 0; q < p.positions(); ++q) {
    auto at = [&](int64_t k) { return (q / p.inner * p.classes + k) * p.inner + q % p.inner; };
    long double max = -INFINITY, rest = 0;
    int64_t argmax = 0;
    for (int64_t k = 0; k < p.classes; ++k) {
      const long double x = ToDouble(t.logits[at(k)]);
      if (x > max) max = x, argmax = k;
    }
    for (int64_t k = 0; k < p.classes; ++k) {
      if (k != argmax) rest += std::exp(ToDouble(t.logits[at(k)]) - max);
    }
    const long double log_s = std::log1p(rest);
    const long double w = t.weights[p.one_weight ? 0 : q];
    weight_sum += w;
    present += w != 0;
    for (int64_t k = 0; k < p.classes; ++k) {
      const long double d = ToDouble(t.logits[at(k)]) - max;
      const long double y = ToDouble(t.labels[at(k)]);
      const long double smoothed = on * y + off;
      if (smoothed != 0) e.losses[q] += smoothed * (log_s - d);
      const long double others = rest / (1 + rest);
      const long double one_minus_y = on * (1 - y) + (p.label_smoothing - off);
      e.backprop[at(k)] = k == argmax ? one_minus_y - others : std::exp(d) / (1 + rest) - smoothed;
    }
    sum += e.losses[q] * w;
  }
  long double denominator = 1;
  if (p.reduction == Reduction::kSumOverBatchSize) denominator = p.positions();
  if (p.reduction == Reduction::kMeanWithSampleWeight) denominator = weight_sum;
  if (p.reduction == Reduction::kSumByNonzeroWeights) denominator = present;
  for (int64_t q = 0; q < p.positions(); ++q) {
    const long double w = t.weights[p.one_weight ? 0 : q];
    if (p.reduction == Reduction::kNone) e.result.push_back(e.losses[q] * w);
    for (int64_t k = 0; k < p.classes; ++k) {
      long double& g = e.backprop[(q / p.inner * p.classes + k) * p.inner + q % p.inner];
      g *= denominator != 0 ? w / denominator : 0;
    }
  }
  if (p.reduction != Reduction::kNone) {
    e.result.push_back(denominator != 0 ? sum / denominator : 0);
  }
  return e;
}

// Half a unit in the last place, and for the accumulating types some more.
template <typename T>
constexpr double kRelative = 0;
template <>
constexpr double kRelative<Half> = 0x1p-11;
template <>
constexpr double kRelative<BFloat16> = 0x1p-8;
template <>
constexpr double kRelative<float> = 0x1p-22;  // 2 units in the last place, or more
template <>
constexpr double kRelative<double> = 0x1p-48;  // one chain of thousands of additions

template <typename T>
bool AllNear(const std::vector<T>& got, const std::vector<long double>& wanted, double relative,
             double absolute) {
  if (got.size() != wanted.size()) return false;
  for (size_t i = 0; i < got.size(); ++i) {
    const double g = ToDouble(got[i]);
    const double error = std::fabs(g - static_cast<double>(wanted[i]));
    if (!(error <= relative * std::fabs(static_cast<double>(wanted[i])) + absolute)) {
      std::printf("  [%zu]: got %.9g, wanted %.9g\n", i, g, static_cast<double>(wanted[i]));
      return false;
    }
  }
  return true;
}

template <typename T>
void TestAgainstReference(const std::string& name, const Tensors<T>& t) {
  const Expected wanted = Reference(t);
  const size_t results = wanted.result.size();
  std::vector<T> loss(results), evaluation(results), backprop(t.logits.size());
  Forward(t.problem, loss.data(), backprop.data());
  Forward<T>(t.problem, evaluation.data(), nullptr);
  const double relative = 1.01 * kRelative<T>;
  Check(AllNear(loss, wanted.result, relative, 1e-7 * kRelative<T>), name + ": loss");
  bool same = true;
  for (size_t i = 0; i < results; ++i) same &= ToDouble(loss[i]) == ToDouble(evaluation[i]);
  Check(same, name + ": evaluation is training's loss");
  // p - y' cancels where they are close: the error is relative to the larger.
  double largest = 0;
  for (auto w : t.weights) largest = std::max(largest, std::fabs(static_cast<double>(w)));
  double scale = 0;
  for (auto g : wanted.backprop) scale = std::max(scale, std::fabs(static_cast<double>(g)));
  Check(AllNear(backprop, wanted.backprop, 2 * relative,
                2 * scale * kRelative<Real<T>> + 6e-8 * (sizeof(T) == 2)),
        name + ": backprop");
}

template <typename T>
void TestAgainstReference(const char* type, const Case& c) {
  TestAgainstReference(Name(type, c), Make<T>(c, 1));
}

// Rows along which the largest logit changes, and labels that most blocks of
// classes have none of.
template <typename T>
void TestLongRows(const char* type) {
  const int64_t classes = 4099;
  const auto at_least = [&](int64_t bytes) {
    return bytes / (classes * static_cast<int64_t>(sizeof(T))) + 1;
  };
  struct {
    const char* name;
    int64_t rows;
    double smoothing;
    double (*logit)(int64_t row, int64_t c, double drawn);
  } cases[] = {
      {"large tensors", at_least(8 << 20), 0.1, [](int64_t, int64_t, double x) { return x; }},
      {"rising", 7, 0.1, [](int64_t, int64_t c, double x) { return 0.06 * c + x; }},
      {"falling", 7, 0.1, [](int64_t, int64_t c, double x) { return -0.06 * c + x; }},
      {"far from 0", 7, 0.1,
       [](int64_t row, int64_t, double x) { return 3000.0 * (row % 2 ? 1 : -1) + x; }},
      {"moderately far", 7, 0.1,
       [](int64_t row, int64_t, double x) { return 250.0 * (row % 2 ? 1 : -1) + 8 * x; }},
      {"late start", 7, 0.0,
       [](int64_t row, int64_t c, double x) { return c < 500 * row ? -INFINITY : x - 2 * row; }},
      {"one far above", 7, 0.1,
       [](int64_t row, int64_t c, double x) { return c == 600 * row ? 90 + x : x; }},
      {"equal", 7, 0.1, [](int64_t row, int64_t, double) { return 40.0 * (row - 3); }},
  };
  std::mt19937 random(3);
  std::normal_distribution<double> normal;
  for (const auto& c : cases) {
    Tensors<T> t = Make<T>({c.rows, classes, 1, c.smoothing, Reduction::kNone, false, 1}, 3);
    for (int64_t row = 0; row < c.rows; ++row) {
      const int64_t label = row % 5 == 4 ? -1 : classes - 1 - static_cast<int64_t>(random() % 900);
      for (int64_t k = 0; k < classes; ++k) {
        t.logits[row * classes + k] = FromDouble<T>(c.logit(row, k, normal(random)));
        t.labels[row * classes + k] = FromDouble<T>(k == label);
      }
    }
    TestAgainstReference(std::string(type) + " " + c.name + " on " + CurrentInstructionSet().name,
                         t);
  }
}

template <typename T>
void TestType(const char* type) {
  for (const Reduction reduction :
       {Reduction::kNone, Reduction::kSum, Reduction::kSumOverBatchSize,
        Reduction::kMeanWithSampleWeight, Reduction::kSumByNonzeroWeights}) {
    for (const bool one_weight : {false, true}) {
      TestAgainstReference<T>(type, {37, 10, 1, 0.1, reduction, one_weight, 3});
      TestAgainstReference<T>(type, {3, 7, 29, 0.0, reduction, one_weight, 3});
    }
  }
  // Around the widths of vectors and tiles.
  for (int64_t classes = 1; classes <= 70; ++classes) {
    TestAgainstReference<T>(type, {19, classes, 1, 0.1, Reduction::kSum, false, 2});
  }
  for (int64_t inner = 2; inner <= 40; ++inner) {
    TestAgainstReference<T>(type, {2, 5, inner, 0.1, Reduction::kNone, false, 2});
  }
  // Several cache lines of positions at a time, and past the caches.
  TestAgainstReference<T>(type, {2, 21, 777, 0.1, Reduction::kNone, false, 2});
  if (sizeof(T) == sizeof(float)) {
    TestAgainstReference<T>(type, {1, 36, 65536, 0.1, Reduction::kNone, false, 2});
  }
  for (const int64_t classes : {127, 128, 1000, 4099}) {
    TestAgainstReference<T>(type, {5, classes, 1, 0.1, Reduction::kNone, false, 4});
    TestAgainstReference<T>(type, {2, classes, 3, 0.0, Reduction::kNone, false, 4});
    TestAgainstReference<T>(type, {1, classes, 21, 0.1, Reduction::kNone, false, 4});
  }
}

// Masked logits as low as T has them: a sum of a few is beyond T's range, though no loss is.
template <typename T>
void TestMaskedClasses(const char* type) {
  const double lowest = -0.95 * ToDouble(Largest(T()));
  for (const int64_t classes : {3, 4, 9, 40, 70, 300, 4099}) {
    for (const int64_t inner : {1, 3}) {
      for (const double smoothing : {0.0, 0.1}) {
        for (const int64_t first : {int64_t{0}, classes - 2}) {
          const Case c = {5, classes, inner, smoothing, Reduction::kNone, false, 1};
          Tensors<T> t = Make<T>(c, 6);
          for (int64_t e = 0; e < static_cast<int64_t>(t.logits.size()); ++e) {
            const int64_t k = e / inner % classes;
            if (k < first || k >= first + 2) t.logits[e] = FromDouble<T>(lowest);
            t.labels[e] = FromDouble<T>(k == (smoothing == 0.0 ? first : classes / 2));
          }
          for (auto& w : t.weights) w /= 2;
          TestAgainstReference("masked classes, " + Name(type, c), t);
        }
      }
    }
  }
}

// ---- the worst of many rows -------------------------------------------------

// The error in units in the last place of the float32 nearest to the exact value.
double Ulps(float got, double exact) {
  int exponent;
  std::frexp(static_cast<float>(exact), &exponent);
  return std::fabs(got - exact) / std::ldexp(1.0, exponent - 24);
}

// The worst loss of many rows, as a network has them that is sure of its answer.
// The exact losses are to far more digits: no step of theirs cancels.
void TestWorstOfManyRows(int64_t classes, double label_smoothing) {
  const int64_t rows = std::min<int64_t>(20000, 400000 / classes);
  Tensors<float> t =
      Make<float>({rows, classes, 1, label_smoothing, Reduction::kNone, true, 5}, 11);
  t.weights[0] = 1;
  std::vector<double> log_s(rows), sum_d(rows);
  std::vector<int64_t> best(rows);
  for (int64_t row = 0; row < rows; ++row) {
    const float* x = t.logits.data() + row * classes;
    best[row] = std::max_element(x, x + classes) - x;
    const double max = x[best[row]];
    double rest = 0;
    for (int64_t k = 0; k < classes; ++k) {
      if (k != best[row]) rest += std::exp(x[k] - max);
      sum_d[row] += x[k] - max;
    }
    log_s[row] = std::log1p(rest);
  }
  const double on = 1 - label_smoothing, off = label_smoothing / static_cast<double>(classes);
  std::vector<float> losses(rows);
  auto check = [&](const char* labels, double most) {
    Forward<float>(t.problem, losses.data(), nullptr);
    double worst = 0;
    for (int64_t row = 0; row < rows; ++row) {
      const float* x = t.logits.data() + row * classes;
      const float* y = t.labels.data() + row * classes;
      double sum_y = 0, sum_yd = 0;
      for (int64_t k = 0; k < classes; ++k) {
        sum_y += y[k];
        sum_yd += static_cast<double>(y[k]) * (static_cast<double>(x[k]) - x[best[row]]);
      }
      const double exact = on * (sum_y * log_s[row] - sum_yd) +
                           off * (static_cast<double>(classes) * log_s[row] - sum_d[row]);
      worst = std::max(worst, Ulps(losses[row], exact));
    }
    if (!(worst <= most)) std::printf("  %.2f units in the last place\n", worst);
    Check(worst <= most, std::string("the worst loss of ") + std::to_string(rows) + " of " +
                             std::to_string(classes) + " classes, smoothing " +
                             std::to_string(label_smoothing) + ", " + labels + " on " +
                             CurrentInstructionSet().name);
  };
  // Without a fused instruction every product of a soft label is rounded by itself.
  const std::string set = CurrentInstructionSet().name;
  const bool is_fused = set != "SSE2" && set != "64 bytes";
  check("soft labels", is_fused ? 2 : 2.25);
  auto one_hot = [&](auto label_of) {
    std::fill(t.labels.begin(), t.labels.end(), 0.0f);
    for (int64_t row = 0; row < rows; ++row) t.labels[row * classes + label_of(row)] = 1;
  };
  std::mt19937 random(12);
  one_hot([&](int64_t) { return static_cast<int64_t>(random() % static_cast<uint64_t>(classes)); });
  check("any class", 2);
  one_hot([&](int64_t row) { return best[row]; });
  check("the most probable class", 2);
}

void TestWorstOfManyRows() {
  for (const int64_t classes :
       {2, 3, 4, 5, 7, 8, 9, 10, 13, 16, 21, 32, 40, 64, 65, 100, 151, 500, 1000, 4099, 50257}) {
    for (const double label_smoothing : {0.0, 0.1}) TestWorstOfManyRows(classes, label_smoothing);
  }
}

// ---- single facts ----------------------------------------------------------

template <typename T>
struct Row {
  double loss;
  std::vector<double> backprop;
};

template <typename T>
Row<T> RunRow(const std::vector<double>& logits, const std::vector<double>& labels) {
  std::vector<T> x, y, g(logits.size());
  for (double v : logits) x.push_back(FromDouble<T>(v));
  for (double v : labels) y.push_back(FromDouble<T>(v));
  const Real<T> one = 1;
  Problem<T> p = {};
  p.logits = x.data();
  p.labels = y.data();
  p.outer = p.inner = 1;
  p.classes = static_cast<int64_t>(x.size());
  p.weights = &one;
  p.one_weight = true;
  T loss;
  Forward(p, &loss, g.data());
  Row<T> row = {ToDouble(loss), {}};
  for (T v : g) row.backprop.push_back(ToDouble(v));
  return row;
}

template <typename T>
void TestExtremes(const char* type) {
  const std::string name = std::string(" of ") + type + " on " + CurrentInstructionSet().name;
  Row<T> row = RunRow<T>({-INFINITY, 0, 0}, {0, 1, 0});
  Check(std::fabs(row.loss - std::log(2.0)) < 4e-3, "a -inf logit without label mass" + name);
  Check(row.backprop[0] == 0, "no gradient to a -inf logit" + name);
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
    // Half has no such logits: those are infinite.
    Check(sizeof(T) == sizeof(Half) ? !std::isfinite(loss) : loss == INFINITY,
          "a difference beyond the range" + name);
  }
  row = RunRow<T>({60000, -60000, 0}, {0, 1, 0});
  Check(row.loss > 1e5, "a huge loss" + name);
  row = RunRow<T>({2, 2, 2, 2}, {1, 0, 0, 0});
  Check(std::fabs(row.loss - std::log(4.0)) < 4e-3, "equal logits" + name);
  Check(row.backprop[0] == -0.75 && row.backprop[1] == 0.25, "equal logits' gradient" + name);
}

void TestPrecision() {
  const std::string name = std::string(" on ") + CurrentInstructionSet().name;
  // A dominant class: p - 1 would be 0.
  const Row<double> row = RunRow<double>({40, 3, 2.5}, {1, 0, 0});
  const long double rest = std::exp(-37.0L) + std::exp(-37.5L);
  const double others = static_cast<double>(rest / (1 + rest));
  Check(std::fabs(row.backprop[0] / -others - 1) < 1e-13, "a dominant class's gradient" + name);
  Check(std::fabs(row.loss / static_cast<double>(std::log1p(rest)) - 1) < 1e-13,
        "a loss near 0" + name);
  Check(std::fabs(row.backprop[1] / static_cast<double>(std::exp(-37.0L) / (1 + rest)) - 1) < 1e-13,
        "a tail's probability" + name);
  // x - m rounds to a float here; the kernel must not lose what it rounds off.
  const Row<float> rounded = RunRow<float>({0.1, 20.1}, {0, 1});
  const long double d = static_cast<long double>(0.1f) - 20.1f;
  Check(std::fabs(rounded.loss / static_cast<double>(std::log1p(std::exp(d))) - 1) < 0x1p-23,
        "the difference's rounding error" + name);
}

void TestHalfConversions() {
  // Every half and bfloat16 there is.
  int wrong = 0;
  for (uint32_t bits = 0; bits < 0x10000; ++bits) {
    const Half h = {static_cast<uint16_t>(bits)};
    const double value = ToDouble(h);
    if (std::isnan(value)) {
      wrong += !std::isnan(ToDouble(FromDouble<Half>(value)));
    } else {
      wrong += FromDouble<Half>(value).bits != bits;
    }
    const BFloat16 b = {static_cast<uint16_t>(bits)};
    const double b_value = ToDouble(b);
    if (!std::isnan(b_value)) wrong += FromDouble<BFloat16>(b_value).bits != bits;
  }
  Check(wrong == 0, "scalar conversions round-trip");

  const std::string name = std::string(" on ") + CurrentInstructionSet().name;
  std::vector<Half> halves(0x7c00), scaled(0x7c00);
  for (size_t i = 0; i < halves.size(); ++i) halves[i] = {static_cast<uint16_t>(i)};
  for (const float factor : {1.0f, 0.37f, 3.0f, -1e-3f, 1000.0f}) {
    ScaleTask<Half> task = {halves.data(), scaled.data(), 1, 1, &factor, true};
    ScaleBackprop(task, static_cast<int64_t>(halves.size()));
    wrong = 0;
    for (size_t i = 0; i < halves.size(); ++i) {
      const float product = static_cast<float>(ToDouble(halves[i])) * factor;
      wrong += FromDouble<Half>(product).bits != scaled[i].bits;
    }
    Check(wrong == 0, "vector conversions of half times " + std::to_string(factor) + name);
  }
}

void TestThreads() {
  for (const Case& c : {Case{997, 151, 1, 0.1, Reduction::kSumByNonzeroWeights, false, 3},
                        Case{64, 21, 333, 0.1, Reduction::kMeanWithSampleWeight, false, 3},
                        Case{20001, 10, 1, 0.0, Reduction::kSum, true, 3}}) {
    const Tensors<float> t = Make<float>(c, 2);
    float first_loss = 0;
    std::vector<float> first;
    for (const int threads : {1, 2, 5}) {
      SetNumThreads(threads);
      float loss;
      std::vector<float> backprop(t.logits.size());
      Forward(t.problem, &loss, backprop.data());
      if (first.empty()) {
        first = backprop;
        first_loss = loss;
      }
      Check(loss == first_loss && backprop == first,
            Name("float", c) + ": same bits on " + std::to_string(threads) + " threads");
    }
  }
  SetNumThreads(0);
}

void TestConcurrentCalls() {
  SetNumThreads(3);
  const Tensors<float> t = Make<float>({500, 100, 1, 0.1, Reduction::kSum, false, 3}, 3);
  float wanted;
  Forward<float>(t.problem, &wanted, nullptr);
  std::atomic<int> wrong{0};
  std::vector<std::thread> callers;
  for (int caller = 0; caller < 8; ++caller) {
    callers.emplace_back([&, caller] {
      for (int i = 0; i < 50; ++i) {
        if (caller == 0) SetNumThreads(1 + i % 4);
        float loss;
        std::vector<float> backprop(t.logits.size());
        Forward(t.problem, &loss, backprop.data());
        wrong += loss != wanted;
      }
    });
  }
  for (std::thread& caller : callers) caller.join();
  Check(wrong == 0, "concurrent calls while the pool is resized");
  SetNumThreads(0);
}

void TestFork() {
  SetNumThreads(2);
  const Tensors<float> t = Make<float>({500, 1000, 1, 0.1, Reduction::kSum, false, 3}, 4);
  float wanted;
  Forward<float>(t.problem, &wanted, nullptr);
  const pid_t child = fork();
  if (child == 0) {
    float loss;
    Forward<float>(t.problem, &loss, nullptr);
    _exit(loss == wanted && NumThreads() == 2 ? 0 : 1);
  }
  int status = -1;
  waitpid(child, &status, 0);
  Check(status == 0, "a forked child computes");
  SetNumThreads(0);
}

void TestNoMoreThreads() {
  const Tensors<float> t = Make<float>({500, 1000, 1, 0.1, Reduction::kSum, false, 3}, 5);
  float wanted;
  Forward<float>(t.problem, &wanted, nullptr);
  const pid_t child = fork();
  if (child == 0) {
    // Limits do not bind root.
    const rlimit one = {1, 1};
    if (setrlimit(RLIMIT_NPROC, &one) != 0 || (geteuid() == 0 && setuid(65534) != 0)) _exit(2);
    SetNumThreads(4);
    float loss;
    Forward<float>(t.problem, &loss, nullptr);
    _exit(loss == wanted ? 0 : 1);
  }
  int status = -1;
  waitpid(child, &status, 0);
  Check(status == 0, "a process that may start no threads computes");
}

void TestBackpropMemory() {
  constexpr size_t kBytes = 5 << 20;
  Check(AllocateBackprop(1000) == nullptr, "small blocks are left to others");
  auto fill = [](void* data, size_t bytes, int value) { std::memset(data, value, bytes); };
  auto holds = [](const void* data, size_t bytes, int value) {
    const auto* bytes_of = static_cast<const unsigned char*>(data);
    for (size_t i = 0; i < bytes; i += 511) {
      if (bytes_of[i] != value) return false;
    }
    return true;
  };
  void* one = AllocateBackprop(kBytes);
  void* two = AllocateBackprop(kBytes + 100);
  Check(one && two && one != two, "two blocks in use are two");
  fill(one, kBytes, 1);
  fill(two, kBytes + 100, 2);
  Check(holds(one, kBytes, 1) && holds(two, kBytes + 100, 2), "blocks do not overlap");
  FreeBackprop(one);
  Check(AllocateBackprop(kBytes - 4096) == one, "a block that came back serves again");
  FreeBackprop(one);
  void* small = AllocateBackprop(kBytes / 4);
  Check(small != one, "a small tensor does not take a large one's block");
  Check(holds(two, kBytes + 100, 2), "a block in use is nobody else's");
  const pid_t child = fork();
  if (child == 0) {
    void* own = AllocateBackprop(kBytes);
    fill(own, kBytes, 3);
    FreeBackprop(two);  // a tensor of the parent's
    _exit(own && own != two && holds(two, kBytes + 100, 2) ? 0 : 1);
  }
  int status = -1;
  waitpid(child, &status, 0);
  Check(status == 0, "a forked child has blocks of its own");
  FreeBackprop(small);
  FreeBackprop(two);
  // Other sizes, until what came back has been passed over often enough.
  for (int i = 0; i < 40; ++i) FreeBackprop(AllocateBackprop((100 << 20) + (i % 2)));
  rusage before, after;
  getrusage(RUSAGE_SELF, &before);
  void* fresh = AllocateBackprop(kBytes);
  fill(fresh, kBytes, 4);
  getrusage(RUSAGE_SELF, &after);
  Check(after.ru_minflt > before.ru_minflt, "what nobody asks for is returned");
  FreeBackprop(fresh);
  std::vector<std::thread> threads;
  std::atomic<int> wrong{0};
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 50; ++i) {
        const size_t bytes = (1 << 20) + static_cast<size_t>(i) * 4096;
        void* mine = AllocateBackprop(bytes);
        fill(mine, bytes, 10 + t);
        if (!holds(mine, bytes, 10 + t)) ++wrong;
        FreeBackprop(mine);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  Check(wrong == 0, "threads have blocks of their own");
}

void TestEmpty() {
  for (const Case& c : {Case{0, 5, 1, 0.1, Reduction::kSumOverBatchSize, true, 1},
                        Case{0, 5, 3, 0.1, Reduction::kMeanWithSampleWeight, false, 1},
                        Case{4, 0, 1, 0.1, Reduction::kSum, true, 1}}) {
    const Tensors<float> t = Make<float>(c, 1);
    float loss = -1;
    Forward<float>(t.problem, &loss, nullptr);
    Check(loss == 0, Name("float", c) + ": nothing to add up");
  }
}

int Main() {
  for (int n = 0; const InstructionSet* set = UsableInstructionSet(n); ++n) {
    SelectInstructionSet(set->name);
    TestType<float>("float");
    TestType<double>("double");
    TestType<Half>("half");
    TestType<BFloat16>("bfloat16");
    TestLongRows<float>("float");
    TestMaskedClasses<float>("float");
    TestLongRows<double>("double");
    TestMaskedClasses<double>("double");
    TestLongRows<Half>("half");
    TestMaskedClasses<Half>("half");
    TestLongRows<BFloat16>("bfloat16");
    TestMaskedClasses<BFloat16>("bfloat16");
    TestWorstOfManyRows();
    TestExtremes<float>("float");
    TestExtremes<double>("double");
    TestExtremes<Half>("half");
    TestExtremes<BFloat16>("bfloat16");
    TestPrecision();
    TestHalfConversions();
    TestThreads();
  }
  Check(!SelectInstructionSet("none"), "an unknown instruction set is refused");
  SelectInstructionSet(UsableInstructionSet(0)->name);
  TestBackpropMemory();
  TestEmpty();
  TestConcurrentCalls();
  TestFork();
  TestNoMoreThreads();
  std::printf("%d passed, %d failed\n", passed, failed);
  return failed == 0 ? 0 : 1;
}

}  // namespace
}  // namespace keras_xent

int main() { return keras_xent::Main(); }
