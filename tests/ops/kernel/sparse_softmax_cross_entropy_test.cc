// Softmax cross entropy with class ids, compared with long double and with the dense loss.
#include "losses/sparse_softmax_cross_entropy.h"

#include <algorithm>
#include <cstring>
#include <limits>

#include "first_out_of_range.h"
#include "softmax.h"

namespace keras_xent {

template <typename T>
struct MadeLabels<SparseSoftmaxCrossEntropy, T> {
  std::vector<int64_t> wide;
  std::vector<int32_t> narrow;
  bool is_narrow = sizeof(T) == sizeof(float);

  ClassIds get() const {
    return {is_narrow ? narrow.data() : nullptr, is_narrow ? nullptr : wide.data()};
  }

  void Make(const Extents& extents, std::mt19937& random) {
    MakeOneHot(extents, [&](int64_t) { return static_cast<int64_t>(random() % extents.classes); });
  }
  template <typename LabelOf>
  void MakeOneHot(const Extents& extents, LabelOf label_of) {
    wide.resize(extents.examples());
    for (int64_t i = 0; i < extents.examples(); ++i) wide[i] = label_of(i);
    narrow.assign(wide.begin(), wide.end());
  }
};

namespace {

template <typename T>
void TestType() {
  TestShapes<SparseSoftmaxCrossEntropy, T>();
  TestLongRows<SparseSoftmaxCrossEntropy, T>(true);
  TestMaskedClasses<SparseSoftmaxCrossEntropy, T>();
}

KERAS_XENT_TEST(Runs::kOnEverySet, TestHalf) { TestType<Half>(); }
KERAS_XENT_TEST(Runs::kOnEverySet, TestBFloat16) { TestType<BFloat16>(); }
KERAS_XENT_TEST(Runs::kOnEverySet, TestFloat) { TestType<float>(); }
KERAS_XENT_TEST(Runs::kOnEverySet, TestDouble) { TestType<double>(); }

KERAS_XENT_TEST(Runs::kOnEverySet, TestThreads) {
  TestSameBitsOnAnyThreads<SparseSoftmaxCrossEntropy>();
}

// The gradients are those of the dense loss, to the bit, for all integer types of ids.
template <typename T>
void TestBesideDense(const Case& c) {
  Tensors<SparseSoftmaxCrossEntropy, T> sparse = Make<SparseSoftmaxCrossEntropy, T>(c, 7);
  Tensors<SoftmaxCrossEntropy, T> dense = Make<SoftmaxCrossEntropy, T>(c, 7);
  dense.logits = sparse.logits;
  dense.weights = sparse.weights;
  dense.labels.MakeOneHot(c.extents, [&](int64_t i) { return sparse.labels.wide[i]; });
  const std::string name = "class ids, " + Name(NameOf<T>::value, c);
  auto is_same = [](const Tensor<T>& a, const Tensor<T>& b) {
    return std::memcmp(a.data(), b.data(), a.size() * sizeof(T)) == 0;
  };
  auto train = [&](const auto& t) {
    Tensor<T> backprop(t.logits.size());
    T value;
    Forward(t.examples(), Of(t.weights), c.reduction, &value, backprop.data());
    return backprop;
  };
  auto weigh = [&](const auto& t) {
    Tensor<T> backprop(t.logits.size());
    WeightedBackprop(t.examples(), Of(t.weights), backprop.data());
    return backprop;
  };
  for (const bool is_narrow : {true, false}) {
    sparse.labels.is_narrow = is_narrow;
    Check(is_same(train(sparse), train(dense)), name + ": the dense loss's gradient");
    Check(is_same(weigh(sparse), weigh(dense)), name + ": the dense loss's weighted backprop");
  }
}

template <typename T>
void TestBesideDense() {
  for (const double smoothing : {0.0, 0.1, 1.0}) {
    for (const int64_t classes : {1, 2, 7, 8, 9, 10, 33, 64, 65, 127, 300, 1000, 4099}) {
      for (const int64_t inner : {1, 3, 40}) {
        TestBesideDense<T>({{9, classes, inner}, smoothing, Reduction::kSum, false, 5});
      }
    }
  }
}

KERAS_XENT_TEST(Runs::kOnEverySet, TestBesideDense) {
  TestBesideDense<Half>();
  TestBesideDense<BFloat16>();
  TestBesideDense<float>();
  TestBesideDense<double>();
}

// ---- single facts ----------------------------------------------------------

template <typename T>
double LossOf(const std::vector<double>& logits, int64_t id, double smoothing = 0) {
  std::vector<T> x;
  for (double v : logits) x.push_back(FromDouble<T>(v));
  const std::vector<Real<T>> one = {1};
  const Extents extents = {1, static_cast<int64_t>(x.size()), 1};
  const Examples<SparseSoftmaxCrossEntropy, T> examples = {
      x.data(), {nullptr, &id}, extents, smoothing};
  T loss;
  Forward<SparseSoftmaxCrossEntropy, T>(examples, Of(one), Reduction::kNone, &loss, nullptr);
  return ToDouble(loss);
}

template <typename T>
void TestExtremes() {
  const std::string name = std::string(" of class ids of ") + NameOf<T>::value + OnThisSet();
  for (const int64_t classes : {3, 70, 4099}) {
    std::vector<double> logits(classes, 0.0);
    const double log_classes = std::log(static_cast<double>(classes - 1));
    logits[1] = -INFINITY;
    Check(std::fabs(LossOf<T>(logits, 0) / log_classes - 1) < 6e-3,
          "a -inf logit of another class" + name);
    Check(LossOf<T>(logits, 1) == INFINITY, "a -inf logit of the label's class" + name);
    Check(LossOf<T>(logits, 0, 0.1) == INFINITY, "a smoothed label of a -inf logit" + name);
    Check(LossOf<T>(logits, 0, 1.0) == INFINITY, "only smoothing" + name);
    logits[1] = INFINITY;
    Check(std::isnan(LossOf<T>(logits, 0)), "a +inf logit" + name);
    Check(std::isnan(LossOf<T>(logits, 1)), "a +inf logit of the label's class" + name);
    logits[1] = NAN;
    Check(std::isnan(LossOf<T>(logits, 0)), "a NaN logit" + name);
    logits.assign(classes, -INFINITY);
    Check(std::isnan(LossOf<T>(logits, 0)), "no finite logit" + name);
    logits.assign(classes, -0.8 * ToDouble(Largest(Real<T>())));
    logits[0] = -logits[0];
    const double loss = LossOf<T>(logits, 1);
    Check(sizeof(T) == sizeof(Half) ? !std::isfinite(loss) : loss == INFINITY,
          "a difference beyond the range" + name);
  }
  Check(LossOf<T>({5}, 0) == 0, "one class" + name);
}

KERAS_XENT_TEST(Runs::kOnEverySet, TestExtremes) {
  TestExtremes<Half>();
  TestExtremes<BFloat16>();
  TestExtremes<float>();
  TestExtremes<double>();
}

// ---- ids out of range -----------------------------------------------------------

template <typename Id>
void TestFirstOutOfRange(int64_t classes) {
  const int64_t most = std::numeric_limits<Id>::max(), least = std::numeric_limits<Id>::min();
  for (const int64_t examples : {0, 1, 15, 16, 1000, 600000}) {
    std::vector<Id> ids(examples);
    auto first = [&] {
      ClassIds of = {};
      if constexpr (sizeof(Id) == sizeof(int32_t)) {
        of.narrow = ids.data();
      } else {
        of.wide = ids.data();
      }
      return FirstOutOfRange(of, examples, classes);
    };
    const std::string name = std::to_string(examples) + " ids of " + std::to_string(classes) +
                             " classes in " + std::to_string(sizeof(Id)) + " bytes" + OnThisSet();
    if (classes == 0) {
      Check(first() == 0, name + ": none is in range");
      continue;
    }
    for (int64_t i = 0; i < examples; ++i) {
      ids[i] = static_cast<Id>(i % 2 ? std::min(classes - 1, most) : 0);
    }
    Check(first() == examples, name + ": all are in range");
    for (const int64_t wrong : {int64_t{-1}, classes, least, most}) {
      if (wrong > most || (wrong >= 0 && wrong < classes)) continue;
      for (const int64_t at : {int64_t{0}, examples / 2, examples - 1}) {
        if (at < 0 || at >= examples) continue;
        const Id before = ids[at];
        ids[at] = static_cast<Id>(wrong);
        Check(first() == at, name + ": " + std::to_string(wrong) + " is out of range");
        ids[at] = before;
      }
    }
  }
}

KERAS_XENT_TEST(Runs::kOnEverySet, TestFirstOutOfRange) {
  for (const int64_t classes : {int64_t{0}, int64_t{1}, int64_t{10}, int64_t{1} << 31,
                                (int64_t{1} << 31) - 1, int64_t{1} << 40}) {
    TestFirstOutOfRange<int32_t>(classes);
    TestFirstOutOfRange<int64_t>(classes);
  }
}

}  // namespace
}  // namespace keras_xent
