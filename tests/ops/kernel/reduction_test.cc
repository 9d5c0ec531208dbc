// Weights and losses of different shapes, and the denominator of the sum.
#include "reduction.h"

#include <random>
#include <vector>

#include "softmax.h"
#include "weights.h"

namespace keras_xent {
namespace {

// The elements of `data`, broadcast from `shape` to `losses`.
std::vector<float> Repeated(const std::vector<float>& data, const Dims& shape, const Dims& losses) {
  std::vector<float> all;
  for (int64_t e = 0; e < ElementCount(losses); ++e) {
    int64_t left = e, offset = 0, stride = 1;
    for (size_t i = losses.size(); i-- > 0;) {
      if (shape[i] != 1) offset += left % losses[i] * stride;
      left /= losses[i];
      stride *= shape[i];
    }
    all.push_back(data[offset]);
  }
  return all;
}

KERAS_XENT_TEST(Runs::kOnce, TestBroadcastWeights) {
  std::mt19937 random(1);
  const Dims losses = {3, 4, 1, 5, 2};
  for (int which = 0; which < 32; ++which) {
    Dims shape = losses;
    for (size_t i = 0; i < losses.size(); ++i) {
      if (which >> i & 1) shape[i] = 1;
    }
    std::vector<float> data(ElementCount(shape));
    for (float& w : data) w = static_cast<float>(random() % 1000);
    const std::vector<float> wanted = Repeated(data, shape, losses);
    const Weights<float> weights(data.data(), shape, losses);
    Check(IsBroadcastable(shape, losses), ToString(shape) + " can be broadcast");
    if (weights.is_one()) {
      Check(data.size() == 1 && weights.one() == data[0], ToString(shape) + " is one weight");
      continue;
    }
    int wrong = 0;
    float room[120];
    for (int64_t begin = 0; begin < 120; ++begin) {
      for (int64_t end = begin + 1; end <= 120; end += 7) {
        const float* some = weights.Of(begin, end, room);
        for (int64_t i = begin; i < end; ++i) wrong += some[i - begin] != wanted[i];
      }
    }
    Check(wrong == 0, ToString(shape) + " broadcast to " + ToString(losses));
  }
  Check(!IsBroadcastable({4}, {3, 4}), "another rank cannot be broadcast");
  Check(!IsBroadcastable({3, 2}, {3, 4}), "another dimension cannot be broadcast");
}

KERAS_XENT_TEST(Runs::kOnce, TestDenominators) {
  // A few, and enough to be summed in pieces.
  for (const int64_t examples : {1000, 3000001}) {
    std::vector<double> data(examples);
    for (int64_t i = 0; i < examples; ++i) data[i] = i % 4;  // so all sums are exact
    const Weights<double> weights(data.data(), {examples}, {examples});
    double sum = 0, present = 0;
    for (double w : data) sum += w, present += w != 0;
    auto of = [&](Reduction reduction) { return Denominator(reduction, weights, examples); };
    Check(of(Reduction::kNone) == 1, "without a reduction, there is no denominator");
    Check(of(Reduction::kSum) == 1, "a sum has no denominator");
    Check(of(Reduction::kSumOverBatchSize) == examples, "the batch size");
    Check(of(Reduction::kMeanWithSampleWeight) == sum, "the sum of the weights");
    Check(of(Reduction::kSumByNonzeroWeights) == present, "the number of non-zero weights");
  }
}

KERAS_XENT_TEST(Runs::kOnce, TestDenominatorsOfBroadcastWeights) {
  // A few, and enough to be summed in pieces. Each weight belongs to 3 examples.
  for (const int64_t count : {8, 1200000}) {
    std::vector<double> data(count);
    for (int64_t i = 0; i < count; ++i) data[i] = i % 4 - 1;
    const Weights<double> weights(data.data(), {count, 1}, {count, 3});
    auto of = [&](Reduction reduction) { return Denominator(reduction, weights, 3 * count); };
    Check(of(Reduction::kMeanWithSampleWeight) == 1.5 * count, "the sum of broadcast weights");
    Check(of(Reduction::kSumByNonzeroWeights) == 2.25 * count,
          "the number of broadcast weights that are not zero, some of them negative");
  }
  for (const double weight : {0.0, -0.0, -2.0, 0.5}) {
    const Weights<double> one(&weight);
    Check(Denominator(Reduction::kMeanWithSampleWeight, one, 5) == 5 * weight,
          "the sum of one weight for all");
    Check(Denominator(Reduction::kSumByNonzeroWeights, one, 5) == (weight != 0 ? 5 : 0),
          "the number of examples, if their weight is not zero");
  }
}

KERAS_XENT_TEST(Runs::kOnce, TestEmpty) {
  for (const Case& c : {Case{{0, 5, 1}, 0.1, Reduction::kSumOverBatchSize, true, 1},
                        Case{{0, 5, 3}, 0.1, Reduction::kMeanWithSampleWeight, false, 1},
                        Case{{4, 0, 1}, 0.1, Reduction::kSum, true, 1}}) {
    const auto t = Make<SoftmaxCrossEntropy, float>(c, 1);
    float value = -1;
    Forward<SoftmaxCrossEntropy, float>(t.examples(), Of(t.weights), c.reduction, &value, nullptr);
    Check(value == 0, Name("float", c) + ": nothing to add up");
  }
}

}  // namespace
}  // namespace keras_xent
