// The kernels alone, without TensorFlow: a training step's arithmetic beside
// the least that its memory traffic takes, which is an addition of the same
// tensors into memory that is there already. `python setup.py kernel_benchmark`
// compiles and runs it.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <random>
#include <vector>

#include "convert.h"
#include "instruction_set.h"
#include "softmax_cross_entropy.h"
#include "thread_pool.h"

namespace keras_xent {
namespace {

constexpr int kRounds = 15;
constexpr int64_t kPiece = 1 << 15;

double Milliseconds(const std::function<void()>& body) {
  const auto start = std::chrono::steady_clock::now();
  body();
  const std::chrono::duration<double, std::milli> time = std::chrono::steady_clock::now() - start;
  return time.count();
}

double Median(std::vector<double> times) {
  std::nth_element(times.begin(), times.begin() + times.size() / 2, times.end());
  return times[times.size() / 2];
}

void AddTensors(const float* a, const float* b, float* sum, int64_t elements) {
  auto piece = [&](int64_t i) {
    const int64_t end = std::min(elements, (i + 1) * kPiece);
    for (int64_t e = i * kPiece; e < end; ++e) sum[e] = a[e] + b[e];
  };
  ParallelFor((elements + kPiece - 1) / kPiece, piece);
}

void Compare(int64_t outer, int64_t classes, int64_t inner) {
  const int64_t elements = outer * classes * inner;
  std::vector<float> logits(elements), labels(elements), backprop(elements);
  std::vector<float> weights(outer * inner);
  std::mt19937 random(0);
  std::normal_distribution<float> normal;
  for (float& x : logits) x = normal(random);
  for (float& w : weights) w = random() % 3 ? 1.0f : 0.0f;
  for (int64_t p = 0; p < outer * inner; ++p) {
    const auto label = static_cast<int64_t>(random() % static_cast<uint64_t>(classes));
    labels[(p / inner * classes + label) * inner + p % inner] = 1;
  }
  const Problem<float> problem = {logits.data(),  labels.data(), outer,
                                  classes,        inner,         0.1,
                                  weights.data(), false,         Reduction::kSumByNonzeroWeights};
  float loss = 0;
  std::vector<double> training[2], evaluation[2], add[2];
  for (int round = 0; round < kRounds; ++round) {
    for (int threads = 1; threads <= 2; ++threads) {
      SetNumThreads(threads);
      // Starts the threads, and gives the system time to spread them.
      for (int i = 0; i < 10; ++i) Forward<float>(problem, &loss, nullptr);
      training[threads - 1].push_back(
          Milliseconds([&] { Forward(problem, &loss, backprop.data()); }));
      evaluation[threads - 1].push_back(
          Milliseconds([&] { Forward<float>(problem, &loss, nullptr); }));
      add[threads - 1].push_back(Milliseconds(
          [&] { AddTensors(logits.data(), labels.data(), backprop.data(), elements); }));
    }
  }
  for (int threads = 1; threads <= 2; ++threads) {
    const double time = Median(training[threads - 1]);
    std::printf("| (%ld, %ld, %ld) | %d | %.3f | %.2f | %.3f | %.3f | %.2f |\n",
                static_cast<long>(outer), static_cast<long>(classes), static_cast<long>(inner),
                threads, time, time * 1e6 / static_cast<double>(elements),
                Median(evaluation[threads - 1]), Median(add[threads - 1]),
                Median(add[threads - 1]) / time);
  }
}

int Main(int argc, char** argv) {
  if (argc > 1 && !SelectInstructionSet(argv[1])) {
    std::printf("%s: no instruction set of this processor and build\n", argv[1]);
    return 1;
  }
  std::printf("%s, float32, medians of %d rounds, times in ms\n\n", CurrentInstructionSet().name,
              kRounds);
  std::printf(
      "| (outer, classes, inner) | threads | training | ns an element | evaluation | add "
      "| add / training |\n| --- | --- | --- | --- | --- | --- | --- |\n");
  Compare(512, 32000, 1);
  Compare(4096, 1000, 1);
  Compare(8192, 151, 1);
  Compare(65536, 10, 1);
  Compare(256, 1000, 1);
  Compare(8, 21, 128 * 128);
  return 0;
}

}  // namespace
}  // namespace keras_xent

int main(int argc, char** argv) { return keras_xent::Main(argc, argv); }
