// The worst softmax cross entropy of many rows, with logits like those of a confident network. The
// exact losses have far more digits, because no step in them cancels.
#include <algorithm>

#include "losses/sparse_softmax_cross_entropy.h"
#include "softmax.h"

namespace keras_xent {
namespace {

class ManyRows {
 public:
  ManyRows(int64_t classes, double label_smoothing)
      : classes_(classes),
        rows_(OfMany(std::min<int64_t>(20000, 400000 / classes))),
        t_(Make<SoftmaxCrossEntropy, float>(
            {{rows_, classes, 1}, label_smoothing, Reduction::kNone, true, 5}, 11)),
        log_s_(rows_),
        sum_d_(rows_),
        best_(rows_) {
    t_.weights[0] = 1;
    for (int64_t row = 0; row < rows_; ++row) {
      const float* x = t_.logits.data() + row * classes;
      best_[row] = std::max_element(x, x + classes) - x;
      const double max = x[best_[row]];
      double rest = 0;
      for (int64_t k = 0; k < classes; ++k) {
        if (k != best_[row]) rest += std::exp(x[k] - max);
        sum_d_[row] += x[k] - max;
      }
      log_s_[row] = std::log1p(rest);
    }
  }

  void Test() {
    // Without a fused instruction, every product with a soft label is rounded separately.
    const std::string set = CurrentInstructionSet().name;
    const bool is_fused = set != "SSE2" && set != "64 bytes";
    CheckWorst("soft labels", t_.examples(), is_fused ? 2 : 2.25);
    std::mt19937 random(12);
    TestOneHot("any class", [&](int64_t) {
      return static_cast<int64_t>(random() % static_cast<uint64_t>(classes_));
    });
    TestOneHot("the most probable class", [&](int64_t row) { return best_[row]; });
  }

 private:
  template <typename LabelOf>
  void TestOneHot(const char* labels, LabelOf label_of) {
    std::vector<int64_t> ids(rows_);
    for (int64_t row = 0; row < rows_; ++row) ids[row] = label_of(row);
    t_.labels.MakeOneHot(t_.c.extents, [&](int64_t row) { return ids[row]; });
    CheckWorst(labels, t_.examples(), 2);
    const Examples<SparseSoftmaxCrossEntropy, float> sparse = {
        t_.logits.data(), {nullptr, ids.data()}, t_.c.extents, t_.c.label_smoothing};
    CheckWorst(std::string(labels) + " as class ids", sparse, 2);
  }

  template <typename Loss>
  void CheckWorst(const std::string& labels, const Examples<Loss, float>& examples, double most) {
    std::vector<float> losses(rows_);
    Forward<Loss, float>(examples, Of(t_.weights), Reduction::kNone, losses.data(), nullptr);
    const double classes = static_cast<double>(classes_);
    const double on = 1 - t_.c.label_smoothing, off = t_.c.label_smoothing / classes;
    double worst = 0;
    for (int64_t row = 0; row < rows_; ++row) {
      const float* x = t_.logits.data() + row * classes_;
      const float* y = t_.labels.stored.data() + row * classes_;
      double sum_y = 0, sum_yd = 0;
      for (int64_t k = 0; k < classes_; ++k) {
        sum_y += y[k];
        sum_yd += static_cast<double>(y[k]) * (static_cast<double>(x[k]) - x[best_[row]]);
      }
      const double exact =
          on * (sum_y * log_s_[row] - sum_yd) + off * (classes * log_s_[row] - sum_d_[row]);
      worst = std::max(worst, Ulps(losses[row], exact));
    }
    if (!(worst <= most)) std::printf("  %.2f units in the last place\n", worst);
    Check(worst <= most, "the worst loss of " + std::to_string(rows_) + " of " +
                             std::to_string(classes_) + " classes, smoothing " +
                             std::to_string(t_.c.label_smoothing) + ", " + labels + OnThisSet());
  }

  const int64_t classes_, rows_;
  Tensors<SoftmaxCrossEntropy, float> t_;
  std::vector<double> log_s_, sum_d_;
  std::vector<int64_t> best_;
};

KERAS_XENT_TEST(Runs::kOnEverySet, TestWorstOfManyRows) {
  for (const int64_t classes :
       {2, 3, 4, 5, 7, 8, 9, 10, 13, 16, 21, 32, 40, 64, 65, 100, 151, 500, 1000, 4099, 50257}) {
    for (const double label_smoothing : {0.0, 0.1}) ManyRows(classes, label_smoothing).Test();
  }
}

}  // namespace
}  // namespace keras_xent
