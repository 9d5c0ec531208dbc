// Random examples of softmax cross entropies, and their losses by the definition.
#ifndef KERAS_XENT_TESTS_SOFTMAX_H_
#define KERAS_XENT_TESTS_SOFTMAX_H_

#include <cmath>
#include <random>
#include <string>
#include <vector>

#include "expected.h"
#include "losses/softmax_cross_entropy.h"

namespace keras_xent {

// The labels of a loss, as stored in tensors.
template <typename Loss, typename T>
struct MadeLabels;

template <typename T>
struct MadeLabels<SoftmaxCrossEntropy, T> {
  std::vector<T> stored;

  DenseLabels<T> get() const { return {stored.data()}; }

  // Half of them are 0.
  void Make(const Extents& extents, std::mt19937& random) {
    std::uniform_real_distribution<double> uniform;
    stored.resize(extents.elements());
    for (int64_t i = 0; i < extents.examples(); ++i) {
      double sum = 0;
      std::vector<double> y(extents.classes);
      for (double& v : y) sum += v = uniform(random) < 0.5 ? 0.0 : uniform(random);
      for (int64_t k = 0; k < extents.classes; ++k) {
        stored[extents.First(i) + k * extents.inner] = FromDouble<T>(sum > 0 ? y[k] / sum : 0);
      }
    }
  }
  // The class of each example; a negative number means no class.
  template <typename LabelOf>
  void MakeOneHot(const Extents& extents, LabelOf label_of) {
    stored.assign(extents.elements(), FromDouble<T>(0));
    for (int64_t i = 0; i < extents.examples(); ++i) {
      const int64_t label = label_of(i);
      if (label >= 0) stored[extents.First(i) + label * extents.inner] = FromDouble<T>(1);
    }
  }
};

template <typename Loss, typename T>
struct Tensors {
  Case c;
  Tensor<T> logits;
  MadeLabels<Loss, T> labels;
  std::vector<Real<T>> weights;

  Examples<Loss, T> examples() const {
    return {logits.data(), labels.get(), c.extents, c.label_smoothing};
  }
};

template <typename Loss, typename T>
Tensors<Loss, T> Make(const Case& c, unsigned seed) {
  std::mt19937 random(seed);
  std::normal_distribution<double> normal;
  Tensors<Loss, T> t;
  t.c = c;
  t.logits.resize(c.extents.elements());
  for (T& x : t.logits) x = FromDouble<T>(c.spread * normal(random));
  t.labels.Make(c.extents, random);
  t.weights = MakeWeights<Real<T>>(c, random);
  return t;
}

template <typename Loss, typename T>
Expected Reference(const Tensors<Loss, T>& t) {
  const Extents& extents = t.c.extents;
  const auto labels = t.labels.get();
  Expected e;
  e.losses.resize(extents.examples());
  e.backprop.resize(extents.elements());
  const long double smoothing = t.c.label_smoothing;
  const long double on = 1 - smoothing, off = smoothing / extents.classes;
  for (int64_t i = 0; i < extents.examples(); ++i) {
    auto at = [&](int64_t k) { return extents.First(i) + k * extents.inner; };
    long double max = -INFINITY, rest = 0;
    int64_t argmax = 0;
    for (int64_t k = 0; k < extents.classes; ++k) {
      const long double x = ToDouble(t.logits[at(k)]);
      if (x > max) max = x, argmax = k;
    }
    for (int64_t k = 0; k < extents.classes; ++k) {
      if (k != argmax) rest += std::exp(ToDouble(t.logits[at(k)]) - max);
    }
    const long double log_s = std::log1p(rest);
    for (int64_t k = 0; k < extents.classes; ++k) {
      const long double d = ToDouble(t.logits[at(k)]) - max;
      const long double y = labels.At(extents, i, k);
      const long double smoothed = on * y + off;
      if (smoothed != 0) e.losses[i] += smoothed * (log_s - d);
      const long double others = rest / (1 + rest);
      const long double one_minus_y = on * (1 - y) + (smoothing - off);
      e.backprop[at(k)] = k == argmax ? one_minus_y - others : std::exp(d) / (1 + rest) - smoothed;
    }
  }
  Weigh(t.c, t.weights, &e);
  return e;
}

template <typename Loss, typename T>
void TestAgainstReference(const std::string& name, const Tensors<Loss, T>& t) {
  TestAgainst(Reference(t), name, t.c, t.examples(), t.weights);
}

template <typename Loss, typename T>
void TestAgainstReference(const Case& c) {
  TestAgainstReference(std::string(Loss::kName) + " " + Name(NameOf<T>::value, c),
                       Make<Loss, T>(c, 1));
}

// ---- tests of every softmax cross entropy ----------------------------------------

template <typename Loss, typename T>
void TestShapes() {
  for (const Reduction reduction :
       {Reduction::kNone, Reduction::kSum, Reduction::kSumOverBatchSize,
        Reduction::kMeanWithSampleWeight, Reduction::kSumByNonzeroWeights}) {
    for (const bool one_weight : {false, true}) {
      TestAgainstReference<Loss, T>({{37, 10, 1}, 0.1, reduction, one_weight, 3});
      TestAgainstReference<Loss, T>({{3, 7, 29}, 0.0, reduction, one_weight, 3});
    }
  }
  // Around vector and tile widths.
  for (int64_t classes = 1; classes <= 70; ++classes) {
    TestAgainstReference<Loss, T>({{19, classes, 1}, 0.1, Reduction::kSum, false, 2});
  }
  for (int64_t inner = 2; inner <= 40; ++inner) {
    TestAgainstReference<Loss, T>({{2, 5, inner}, 0.1, Reduction::kNone, false, 2});
  }
  // Several cache lines of examples at a time, written past the caches.
  TestAgainstReference<Loss, T>({{2, 21, 777}, 0.1, Reduction::kNone, false, 2});
  if (sizeof(T) == sizeof(float)) {
    TestAgainstReference<Loss, T>({{1, 36, 65536}, 0.1, Reduction::kNone, false, 2});
  }
  for (const int64_t classes : {127, 128, 1000, 4099}) {
    TestAgainstReference<Loss, T>({{5, classes, 1}, 0.1, Reduction::kNone, false, 4});
    TestAgainstReference<Loss, T>({{2, classes, 3}, 0.0, Reduction::kNone, false, 4});
    TestAgainstReference<Loss, T>({{1, classes, 21}, 0.1, Reduction::kNone, false, 4});
  }
}

// Rows along which the largest logit changes, and labels that are 0 in most blocks of classes.
template <typename Loss, typename T>
void TestLongRows(bool all_have_labels) {
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
      // Written past the caches. This takes too long for every type.
      {"huge tensors", sizeof(T) == sizeof(float) ? at_least(32 << 20) : 1, 0.1,
       [](int64_t, int64_t, double x) { return x; }},
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
    Tensors<Loss, T> t =
        Make<Loss, T>({{c.rows, classes, 1}, c.smoothing, Reduction::kNone, false, 1}, 3);
    for (int64_t e = 0; e < c.rows * classes; ++e) {
      t.logits[e] = FromDouble<T>(c.logit(e / classes, e % classes, normal(random)));
    }
    t.labels.MakeOneHot(t.c.extents, [&](int64_t row) {
      if (row % 5 == 4 && !all_have_labels) return int64_t{-1};
      return classes - 1 - static_cast<int64_t>(random() % 900);
    });
    TestAgainstReference(
        std::string(Loss::kName) + " " + NameOf<T>::value + " " + c.name + OnThisSet(), t);
  }
}

// Masked logits with T's lowest value: the sum of a few is beyond T's range, but no loss is.
template <typename Loss, typename T>
void TestMaskedClasses() {
  const double lowest = -0.95 * ToDouble(Largest(T()));
  for (const int64_t classes : {3, 4, 9, 40, 70, 300, 4099}) {
    for (const int64_t inner : {1, 3}) {
      for (const double smoothing : {0.0, 0.1}) {
        for (const int64_t first : {int64_t{0}, classes - 2}) {
          const Case c = {{5, classes, inner}, smoothing, Reduction::kNone, false, 1};
          Tensors<Loss, T> t = Make<Loss, T>(c, 6);
          for (int64_t e = 0; e < static_cast<int64_t>(t.logits.size()); ++e) {
            const int64_t k = e / inner % classes;
            if (k < first || k >= first + 2) t.logits[e] = FromDouble<T>(lowest);
          }
          t.labels.MakeOneHot(c.extents,
                              [&](int64_t) { return smoothing == 0.0 ? first : classes / 2; });
          for (auto& w : t.weights) w /= 2;
          TestAgainstReference("masked classes, " + Name(NameOf<T>::value, c), t);
        }
      }
    }
  }
}

template <typename Loss>
void TestSameBitsOnAnyThreads() {
  for (const Case& c : {Case{{997, 151, 1}, 0.1, Reduction::kSumByNonzeroWeights, false, 3},
                        Case{{64, 21, 333}, 0.1, Reduction::kMeanWithSampleWeight, false, 3},
                        Case{{20001, 2, 1}, 0.0, Reduction::kSum, true, 3},
                        Case{{20001, 10, 1}, 0.0, Reduction::kSum, true, 3}}) {
    const Tensors<Loss, float> t = Make<Loss, float>(c, 2);
    float first_value = 0;
    Tensor<float> first;
    for (const int threads : {1, 2, 5}) {
      SetNumThreads(threads);
      float value;
      Tensor<float> backprop(t.logits.size());
      Forward(t.examples(), Of(t.weights), c.reduction, &value, backprop.data());
      if (first.empty()) {
        first = backprop;
        first_value = value;
      }
      Check(value == first_value && backprop == first,
            Name("float", c) + ": same bits on " + std::to_string(threads) + " threads");
    }
  }
  SetNumThreads(0);
}

}  // namespace keras_xent

#endif  // KERAS_XENT_TESTS_SOFTMAX_H_
