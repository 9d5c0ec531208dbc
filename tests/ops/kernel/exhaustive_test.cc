// Every small shape: up to 4 examples outside and 5 inside of up to 70 classes, with every type,
// loss, reduction and shape of weights, with and without gradient.
//
// The vectors have 4 to 16 lanes, the groups of rows up to 16, and more than 64 classes change the
// loop, so these shapes reach every way in which a vector, a tile or a row can be incomplete.
//
// Instruction sets add in different orders, so their results can differ in the last bits. Each one
// is held to the same bound.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <random>
#include <string>
#include <type_traits>
#include <vector>

#include "base/thread_pool.h"
#include "fenced.h"
#include "losses.h"
#include "testing.h"
#include "weighted_loss.h"

namespace keras_xent {
namespace {

constexpr Reduction kReductions[] = {Reduction::kNone, Reduction::kSum,
                                     Reduction::kSumOverBatchSize, Reduction::kMeanWithSampleWeight,
                                     Reduction::kSumByNonzeroWeights};
constexpr int64_t kMostOuter = 4, kMostClasses = 70, kMostInner = 5;

// Whether each shape runs with all reductions and shapes of weights. With a sanitizer, and with
// vectors that no processor has, it runs with one of each.
bool RunsAll() {
#ifdef KERAS_XENT_FEW_CASES
  return false;
#else
  return std::strcmp(CurrentInstructionSet().name, "64 bytes") != 0;
#endif
}

// ---- units in the last place -------------------------------------------------------

template <typename T>
struct Format;
template <>
struct Format<Half> {
  static constexpr int kDigits = 11, kLeastExponent = -24;
};
template <>
struct Format<BFloat16> {
  static constexpr int kDigits = 8, kLeastExponent = -133;
};
template <>
struct Format<float> {
  static constexpr int kDigits = 24, kLeastExponent = -149;
};
template <>
struct Format<double> {
  static constexpr int kDigits = 53, kLeastExponent = -1074;
};

// The error in units in the last place of T.
template <typename T>
double UlpsOf(T got, long double exact) {
  int exponent;
  std::frexp(static_cast<double>(exact), &exponent);
  const int last = std::max(exponent - Format<T>::kDigits, Format<T>::kLeastExponent);
  return static_cast<double>(std::ldexp(std::fabs(ToDouble(got) - exact), -last));
}

// The losses of float are documented to be within 2 units. Those of the 16-bit types are computed
// like them and rounded once more. Those of double are computed in double, so the error of their
// sum grows with their number, like a random walk.
template <typename T>
double MostUlps(size_t added) {
  if (sizeof(T) == sizeof(Half)) return 0.501;
  return sizeof(T) == sizeof(float) ? 2.0 : 4.0 + std::sqrt(static_cast<double>(added - 1));
}

// ---- exact results -----------------------------------------------------------------

// The numbers of one shape, as they are stored, and the exact results.
template <typename T>
struct Given {
  std::vector<T> logits, labels;  // labels: of dense losses
  std::vector<int64_t> ids;       // of the others
  double label_smoothing;
  std::vector<long double> losses, backprop;
};

// The loss of an example whose logits are x and whose labels are y, and its backprop.
void SoftmaxOf(const std::vector<long double>& x, const std::vector<long double>& y,
               long double smoothing, long double* loss, std::vector<long double>* backprop) {
  const auto classes = static_cast<long double>(x.size());
  const size_t top = static_cast<size_t>(std::max_element(x.begin(), x.end()) - x.begin());
  long double rest = 0;
  for (size_t k = 0; k < x.size(); ++k) rest += k == top ? 0 : std::exp(x[k] - x[top]);
  const long double log_sum = std::log1p(rest);
  *loss = 0;
  for (size_t k = 0; k < x.size(); ++k) {
    const long double label = (1 - smoothing) * y[k] + smoothing / classes;
    *loss += label * (log_sum - (x[k] - x[top]));
    // The top class's probability minus 1 has few digits if it is near 1.
    (*backprop)[k] =
        k == top ? (1 - label) - rest / (1 + rest) : std::exp(x[k] - x[top]) / (1 + rest) - label;
  }
}

// Logits with ties, labels that are one-hot or soft, half of them 0.
template <typename Loss, typename T>
Given<T> MakeNumbers(const Extents& extents, std::mt19937& random) {
  constexpr bool kIsDense = std::is_same_v<typename Loss::template Labels<T>, DenseLabels<T>>;
  std::normal_distribution<double> normal(0, 3);
  std::uniform_real_distribution<double> uniform;
  const auto elements = static_cast<size_t>(extents.elements());
  const auto classes = static_cast<size_t>(extents.classes);
  Given<T> n;
  n.label_smoothing = random() % 2 ? 0.1 : 0.0;
  n.backprop.resize(elements);
  n.logits.resize(elements);
  if (kIsDense) n.labels.resize(elements);
  std::vector<long double> x(classes), y(classes), g(classes);
  for (int64_t i = 0; i < extents.examples(); ++i) {
    const auto at = [&](size_t k) {
      return static_cast<size_t>(i / extents.inner * extents.classes * extents.inner +
                                 static_cast<int64_t>(k) * extents.inner + i % extents.inner);
    };
    const bool is_one_hot = !kIsDense || random() % 2;
    const size_t id = classes ? random() % classes : 0;
    double sum = 0;
    for (size_t k = 0; k < classes; ++k) {
      const double logit =
          k > 0 && random() % 8 == 0 ? static_cast<double>(x[k - 1]) : normal(random);
      n.logits[at(k)] = FromDouble<T>(logit);
      x[k] = ToDouble(n.logits[at(k)]);
      y[k] = is_one_hot ? (k == id) : random() % 2 ? uniform(random) : 0.0;
      sum += static_cast<double>(y[k]);
    }
    for (size_t k = 0; k < classes && kIsDense; ++k) {
      // The sigmoid's labels needn't sum to 1.
      const double label = static_cast<double>(y[k]) / (sum > 0 && Loss::kHasClassAxis ? sum : 1);
      n.labels[at(k)] = FromDouble<T>(label);
      y[k] = ToDouble(n.labels[at(k)]);
    }
    n.ids.push_back(static_cast<int64_t>(id));
    long double loss = 0;
    if constexpr (Loss::kHasClassAxis) {
      SoftmaxOf(x, y, n.label_smoothing, &loss, &g);
    } else {
      const long double smoothing = n.label_smoothing;
      const long double opposite = (x[0] < 0 ? y[0] : 1 - y[0]) * (1 - smoothing) + smoothing / 2;
      const long double e = std::exp(-std::fabs(x[0]));
      loss = std::log1p(e) + std::fabs(x[0]) * opposite;
      g[0] = (x[0] < 0 ? -1 : 1) * (opposite - e / (1 + e));
    }
    n.losses.push_back(loss);
    for (size_t k = 0; k < classes; ++k) n.backprop[at(k)] = g[k];
  }
  return n;
}

// Weights, and what they make of the losses.
template <typename F>
struct Weighing {
  Dims shape, losses;
  std::vector<F> weights;
  std::vector<long double> repeated;  // one for each example

  Weighing(const Dims& weight_shape, const Dims& losses_shape, std::mt19937& random)
      : shape(weight_shape), losses(losses_shape) {
    const auto kind = random() % 8;
    weights.resize(static_cast<size_t>(ElementCount(shape)));
    for (F& w : weights) {
      const auto drawn = static_cast<F>(random() % 1000) / 500;
      w = kind == 0 ? 0 : kind == 1 ? 1 : drawn < 0.6 && weights.size() > 1 ? 0 : drawn;
    }
    for (int64_t i = 0; i < ElementCount(losses); ++i) {
      int64_t left = i, offset = 0, stride = 1;
      for (size_t axis = shape.size(); axis-- > 0;) {
        if (shape[axis] != 1) offset += left % losses[axis] * stride;
        left /= losses[axis];
        stride *= shape[axis];
      }
      repeated.push_back(weights[static_cast<size_t>(offset)]);
    }
  }

  long double DenominatorOf(Reduction reduction) const {
    long double sum = 0, present = 0;
    for (long double w : repeated) sum += w, present += w != 0;
    if (reduction == Reduction::kSumOverBatchSize) return static_cast<long double>(repeated.size());
    if (reduction == Reduction::kMeanWithSampleWeight) return sum;
    if (reduction == Reduction::kSumByNonzeroWeights) return present;
    return 1;
  }
};

// ---- the calls of one shape ---------------------------------------------------------

// What was wrong in the calls of many shapes.
struct Tally {
  int64_t calls = 0, wrong = 0;
  std::string first;
  double worst = 0;  // the largest error of a loss

  void Expect(bool condition, const char* what, const Extents& e, Reduction reduction,
              const Dims& weights) {
    if (condition || wrong++ > 0) return;
    first = std::string(what) + ": " + ToString({e.outer, e.classes, e.inner}) + " reduction " +
            std::to_string(static_cast<int>(reduction)) + " weights " + ToString(weights);
  }
};

// The tensors of a call, in each place.
struct Memory {
  Fenced logits[3], labels[3], weights[3], value, backprop;
};

template <typename Loss, typename T>
class Shape {
 public:
  using F = Real<T>;

  Shape(const Extents& extents, const Dims& losses, Memory& memory, std::mt19937& random,
        Tally& tally)
      : extents_(extents),
        losses_(losses),
        n_(MakeNumbers<Loss, T>(extents, random)),
        memory_(memory),
        random_(random),
        tally_(tally),
        flips_(random() % 2) {
    for (const Place place : kPlaces) {
      const auto p = static_cast<size_t>(place);
      examples_[p] = {Put(memory.logits[p], place, n_.logits), {}, extents, n_.label_smoothing};
      if constexpr (std::is_same_v<typename Loss::template Labels<T>, ClassIds>) {
        std::vector<int32_t> narrow(n_.ids.begin(), n_.ids.end());
        ClassIds& ids = examples_[p].labels;
        ids = {};
        if (flips_) {
          ids.narrow = Put(memory.labels[p], place, narrow);
        } else {
          ids.wide = Put(memory.labels[p], place, n_.ids);
        }
      } else {
        examples_[p].labels = {Put(memory.labels[p], place, n_.labels)};
      }
    }
  }

  // With weights for some of the losses' axes, which are broadcast along the others.
  void Run() {
    const size_t shapes = size_t{1} << losses_.size();
    const size_t only = random_() % (shapes + 1);
    for (size_t which = 0; which <= shapes; ++which) {
      // Different shapes of elements are the same to the sigmoid, if their numbers are the same.
      const bool is_needed = RunsAll() && (Loss::kHasClassAxis || which == shapes);
      if (!is_needed && which != only) continue;
      Dims shape;  // a scalar
      for (size_t i = 0; i < losses_.size() && which < shapes; ++i) {
        shape.push_back(which >> i & 1 ? 1 : losses_[i]);
      }
      Weigh({shape, losses_, random_});
    }
  }

 private:
  template <typename U>
  static const U* Put(const Fenced& room, Place place, const std::vector<U>& numbers) {
    U* to = room.At<U>(place, numbers.size());
    if (!numbers.empty()) std::memcpy(to, numbers.data(), numbers.size() * sizeof(U));
    return to;
  }

  void Weigh(const Weighing<F>& weighing) {
    Weights<F> weights[3];
    for (const Place place : kPlaces) {
      const auto p = static_cast<size_t>(place);
      const F* data = Put(memory_.weights[p], place, weighing.weights);
      weights[p] = weighing.shape.empty() ? Weights<F>(data)
                                          : Weights<F>(data, weighing.shape, weighing.losses);
    }
    const size_t only = random_() % std::size(kReductions);
    for (const Reduction reduction : kReductions) {
      if (!RunsAll() && reduction != kReductions[only]) continue;
      Reduce(weighing, weights, reduction);
    }
    // The op of the gradient: the same bits as those of the unreduced losses.
    std::vector<T> first;
    for (const Place place : kPlaces) {
      const auto p = static_cast<size_t>(place);
      T* backprop = memory_.backprop.Output<T>(place, n_.logits.size());
      WeightedBackprop(examples_[p], weights[p], backprop);
      ++tally_.calls;
      Expect(memory_.backprop.IsIntactAround(backprop, n_.logits.size()),
             "a write outside of the weighted backprop", Reduction::kNone, weighing);
      if (place == Place::kAtStart) {
        first.assign(backprop, backprop + n_.logits.size());
        CheckBackprop(backprop, weighing, Reduction::kNone);
      }
      Expect(HasBits(backprop, first), "the weighted backprop's bits depend on the alignment",
             Reduction::kNone, weighing);
    }
  }

  void Reduce(const Weighing<F>& weighing, const Weights<F>* weights, Reduction reduction) {
    const size_t values = reduction == Reduction::kNone ? n_.losses.size() : 1;
    std::vector<T> first_value, first_backprop;
    for (const Place place : kPlaces) {
      const auto p = static_cast<size_t>(place);
      for (const bool with_backprop : {true, false}) {
        // A shifted call is one with gradient, the one at the end is one without, or conversely.
        if (place != Place::kAtStart && with_backprop != ((place == Place::kAtEnd) ^ flips_)) {
          continue;
        }
        T* value = memory_.value.Output<T>(place, values);
        T* backprop = memory_.backprop.Output<T>(place, n_.logits.size());
        Forward(examples_[p], weights[p], reduction, value, with_backprop ? backprop : nullptr);
        ++tally_.calls;
        Expect(memory_.value.IsIntactAround(value, values), "a write outside of the value",
               reduction, weighing);
        Expect(memory_.backprop.IsIntactAround(backprop, n_.logits.size()),
               "a write outside of the backprop", reduction, weighing);
        if (place == Place::kAtStart && with_backprop) {
          first_value.assign(value, value + values);
          first_backprop.assign(backprop, backprop + n_.logits.size());
          CheckValue(value, weighing, reduction);
          CheckBackprop(backprop, weighing, reduction);
        }
        Expect(HasBits(value, first_value),
               with_backprop ? "the value's bits depend on the alignment"
                             : "the value without gradient has other bits",
               reduction, weighing);
        if (with_backprop) {
          Expect(HasBits(backprop, first_backprop), "the backprop's bits depend on the alignment",
                 reduction, weighing);
        }
      }
    }
  }

  static bool HasBits(const T* got, const std::vector<T>& wanted) {
    return wanted.empty() || std::memcmp(got, wanted.data(), wanted.size() * sizeof(T)) == 0;
  }

  void CheckValue(const T* value, const Weighing<F>& weighing, Reduction reduction) {
    long double sum = 0;
    for (size_t i = 0; i < n_.losses.size(); ++i) {
      const long double weighted = n_.losses[i] * weighing.repeated[i];
      sum += weighted;
      if (reduction == Reduction::kNone) CheckLoss(value[i], weighted, 1, weighing, reduction);
    }
    if (reduction == Reduction::kNone) return;
    const long double denominator = weighing.DenominatorOf(reduction);
    CheckLoss(*value, denominator != 0 ? sum / denominator : 0, n_.losses.size(), weighing,
              reduction);
  }

  void CheckLoss(T got, long double exact, size_t added, const Weighing<F>& weighing,
                 Reduction reduction) {
    const bool got_is_0 = ToDouble(got) == 0;
    const double ulps = exact == 0 ? 0 : UlpsOf(got, exact);
    tally_.worst = std::max(tally_.worst, ulps);
    Expect(exact == 0 ? got_is_0 : ulps <= MostUlps<T>(added), "a loss is wrong", reduction,
           weighing);
  }

  // If a probability and its label are close, their difference cancels, so an error is relative to
  // the larger ones.
  void CheckBackprop(const T* backprop, const Weighing<F>& weighing, Reduction reduction) {
    const long double denominator = weighing.DenominatorOf(reduction);
    for (size_t i = 0; i < n_.losses.size(); ++i) {
      const long double coefficient = denominator != 0 ? weighing.repeated[i] / denominator : 0;
      const long double least = coefficient * 2 * kRelative<F> + (sizeof(T) == 2) * 6e-8L;
      for (int64_t k = 0; k < extents_.classes; ++k) {
        const auto e =
            static_cast<size_t>(extents_.First(static_cast<int64_t>(i)) + k * extents_.inner);
        const long double exact = coefficient * n_.backprop[e];
        const long double error = std::fabs(ToDouble(backprop[e]) - exact);
        Expect(coefficient == 0 ? error == 0
                                : error <= 2.02L * kRelative<T> * std::fabs(exact) + least,
               "a gradient is wrong", reduction, weighing);
      }
    }
  }

  void Expect(bool condition, const char* what, Reduction reduction, const Weighing<F>& weighing) {
    tally_.Expect(condition, what, extents_, reduction, weighing.shape);
  }

  const Extents extents_;
  const Dims losses_;
  const Given<T> n_;
  Memory& memory_;
  std::mt19937& random_;
  Tally& tally_;
  const bool flips_;
  Examples<Loss, T> examples_[3];
};

int64_t calls_on_this_set = 0;
double worst_float_on_this_set = 0;

template <typename Loss, typename T>
void TestShapesOf() {
  static Memory memory;
  for (int64_t classes = 0; classes <= kMostClasses; ++classes) {
    std::mt19937 random(static_cast<unsigned>(classes));
    Tally tally;
    for (int64_t outer = 0; outer <= kMostOuter; ++outer) {
      for (int64_t inner = 0; inner <= kMostInner; ++inner) {
        if constexpr (Loss::kHasClassAxis) {
          Shape<Loss, T>({outer, classes, inner}, {outer, inner}, memory, random, tally).Run();
        } else {
          Shape<Loss, T>({outer * classes * inner, 1, 1}, {outer, classes, inner}, memory, random,
                         tally)
              .Run();
        }
      }
    }
    calls_on_this_set += tally.calls;
    if (std::is_same_v<T, float>) {
      worst_float_on_this_set = std::max(worst_float_on_this_set, tally.worst);
    }
    const std::string name = std::string(Loss::kName) + " of " + NameOf<T>::value + ", " +
                             std::to_string(classes) + " classes" + OnThisSet();
    if (tally.wrong > 0) {
      std::printf("  %lld wrong, first %s; the worst loss: %.2f units in the last place\n",
                  static_cast<long long>(tally.wrong), tally.first.c_str(), tally.worst);
    }
    Check(tally.calls > 0 && tally.wrong == 0, "every small shape: " + name);
  }
}

template <typename Loss>
void TestTypesOf() {
  TestShapesOf<Loss, Half>();
  TestShapesOf<Loss, BFloat16>();
  TestShapesOf<Loss, float>();
  TestShapesOf<Loss, double>();
}

KERAS_XENT_TEST(Runs::kOnEverySet, TestEverySmallShape) {
  calls_on_this_set = 0;
  worst_float_on_this_set = 0;
  TestTypesOf<SoftmaxCrossEntropy>();
  TestTypesOf<SparseSoftmaxCrossEntropy>();
  TestTypesOf<SigmoidCrossEntropy>();
  std::printf("  %lld calls of small shapes%s; the worst float32 loss: %.2f ulp\n",
              static_cast<long long>(calls_on_this_set), OnThisSet().c_str(),
              worst_float_on_this_set);
}

// ---- threads --------------------------------------------------------------------------

// The shapes above are one piece each, so threads make no difference. Here there are at least four
// pieces, and the last one is incomplete.
template <typename Loss, typename T>
std::vector<T> RunOnAllThreads(const Extents& extents, Reduction reduction) {
  constexpr bool kIsDense = std::is_same_v<typename Loss::template Labels<T>, DenseLabels<T>>;
  std::vector<T> logits(static_cast<size_t>(extents.elements()));
  std::vector<T> labels(kIsDense ? logits.size() : 0);
  std::vector<int32_t> ids;
  std::vector<Real<T>> weights;
  uint32_t state = 1;
  const auto draw = [&] { return (state = state * 1664525 + 1013904223) >> 8; };  // to 2^24
  for (T& x : logits) x = FromDouble<T>(draw() * 0x1p-21 - 4);
  for (T& y : labels) y = FromDouble<T>(draw() % 4 ? 0 : draw() * 0x1p-24);
  for (int64_t i = 0; i < extents.examples(); ++i) {
    ids.push_back(static_cast<int32_t>(draw() % static_cast<uint32_t>(extents.classes)));
    weights.push_back(static_cast<Real<T>>(draw() % 3));
  }
  Examples<Loss, T> examples = {logits.data(), {}, extents, 0.1};
  if constexpr (kIsDense) {
    examples.labels = {labels.data()};
  } else {
    examples.labels = {ids.data(), nullptr};
  }
  const auto count = static_cast<int64_t>(weights.size());
  const Weights<Real<T>> all(weights.data(), {count}, {count});
  const size_t values = reduction == Reduction::kNone ? weights.size() : 1;
  std::vector<T> results(values + logits.size());
  Forward(examples, all, reduction, results.data(), results.data() + values);
  return results;
}

template <typename Loss, typename T>
void TestThreadsOf() {
  int64_t wrong = 0, shapes = 0;
  for (int64_t classes = 1; classes <= kMostClasses; classes += RunsAll() ? 1 : 23) {
    for (const int64_t inner : {1, 3}) {
      const Pieces one_piece({1, classes, inner});
      const int64_t outer = (one_piece.end(0) == 1 ? 1 : 0) +
                            3 * std::max<int64_t>(kElementsPerTurn / classes, 16) / inner;
      Extents extents = {outer, classes, inner};
      if (!Loss::kHasClassAxis) extents = {extents.elements(), 1, 1};
      const Reduction reduction = kReductions[static_cast<size_t>(classes) % 5];
      std::vector<T> first;
      for (const int threads : {1, 2, 3}) {
        SetNumThreads(threads);
        const std::vector<T> results = RunOnAllThreads<Loss, T>(extents, reduction);
        if (first.empty()) first = results;
        wrong += std::memcmp(results.data(), first.data(), first.size() * sizeof(T)) != 0;
      }
      shapes += Pieces(extents).count() >= 4;
    }
  }
  SetNumThreads(0);
  Check(shapes > 0 && wrong == 0, std::string("1 to 3 threads: the same bits of ") + Loss::kName +
                                      " of " + NameOf<T>::value + OnThisSet());
}

template <typename Loss>
void TestThreadsOfTypes() {
  TestThreadsOf<Loss, Half>();
  TestThreadsOf<Loss, BFloat16>();
  TestThreadsOf<Loss, float>();
  TestThreadsOf<Loss, double>();
}

KERAS_XENT_TEST(Runs::kOnEverySet, TestThreadsOfEveryClassCount) {
  TestThreadsOfTypes<SoftmaxCrossEntropy>();
  TestThreadsOfTypes<SparseSoftmaxCrossEntropy>();
  TestThreadsOfTypes<SigmoidCrossEntropy>();
}

}  // namespace
}  // namespace keras_xent
