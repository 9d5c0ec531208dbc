// Times the kernels without TensorFlow: a training step and an evaluation, compared with the time
// of their memory traffic alone. The output memory is allocated beforehand.
// `python setup.py kernel_benchmark` compiles and runs this.
#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <random>
#include <vector>

#include "base/instruction_set.h"
#include "base/thread_pool.h"
#include "losses/softmax_cross_entropy.h"
#include "weighted_loss.h"

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

// ---- the roofs -------------------------------------------------------------

template <typename Body>
void ForEachPiece(int64_t elements, Body body) {
  auto piece = [&](int64_t i) { body(i * kPiece, std::min(elements, (i + 1) * kPiece)); };
  ParallelFor((elements + kPiece - 1) / kPiece, piece);
}

// An evaluation's memory traffic: reads logits and labels.
uint32_t Read(const float* a, const float* b, int64_t elements) {
  std::atomic<uint32_t> bits{0};
  ForEachPiece(elements, [&](int64_t begin, int64_t end) {
    uint32_t of_piece = 0;
    for (int64_t e = begin; e < end; ++e) {
      uint32_t x, y;
      std::memcpy(&x, a + e, sizeof(x));
      std::memcpy(&y, b + e, sizeof(y));
      of_piece |= x | y;
    }
    bits |= of_piece;
  });
  return bits;
}

// A training step's memory traffic: also writes a tensor, through the caches, which
// read it first, ...
void Add(const float* a, const float* b, float* sum, int64_t elements) {
  ForEachPiece(elements, [=](int64_t begin, int64_t end) {
    for (int64_t e = begin; e < end; ++e) sum[e] = a[e] + b[e];
  });
}

// ... or past them.
void AddPastCaches(const float* a, const float* b, float* sum, int64_t elements) {
#if defined(__x86_64__)
  ForEachPiece(elements, [=](int64_t begin, int64_t end) {
    int64_t e = begin;
    for (; e < end && reinterpret_cast<uintptr_t>(sum + e) % 16 != 0; ++e) sum[e] = a[e] + b[e];
    for (; e + 4 <= end; e += 4) {
      _mm_stream_ps(sum + e, _mm_add_ps(_mm_loadu_ps(a + e), _mm_loadu_ps(b + e)));
    }
    for (; e < end; ++e) sum[e] = a[e] + b[e];
    _mm_sfence();
  });
#else
  Add(a, b, sum, elements);
#endif
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
  const Extents extents = {outer, classes, inner};
  const Examples<SoftmaxCrossEntropy, float> examples = {
      logits.data(), {labels.data()}, extents, 0.1};
  const Dims all = {extents.examples()};
  const Weights<float> each(weights.data(), all, all);
  auto run = [&](float* to) {
    float value;
    Forward(examples, each, Reduction::kSumByNonzeroWeights, &value, to);
  };
  volatile uint32_t bits;  // so the compiler can't remove the reads
  const std::function<void()> turns[] = {
      [&] { run(backprop.data()); },
      [&] { run(nullptr); },
      [&] { bits = Read(logits.data(), labels.data(), elements); },
      [&] { Add(logits.data(), labels.data(), backprop.data(), elements); },
      [&] { AddPastCaches(logits.data(), labels.data(), backprop.data(), elements); },
  };
  constexpr int kTurns = sizeof(turns) / sizeof(turns[0]);
  std::vector<double> times[2][kTurns];
  for (int round = 0; round < kRounds; ++round) {
    for (int threads = 1; threads <= 2; ++threads) {
      SetNumThreads(threads);
      // Starts the threads, and gives the system time to spread them.
      for (int i = 0; i < 10; ++i) turns[1]();
      for (int turn = 0; turn < kTurns; ++turn) {
        times[threads - 1][turn].push_back(Milliseconds(turns[turn]));
      }
    }
  }
  for (int threads = 1; threads <= 2; ++threads) {
    std::printf("| (%ld, %ld, %ld) | %d |", static_cast<long>(outer), static_cast<long>(classes),
                static_cast<long>(inner), threads);
    for (const std::vector<double>& of_turn : times[threads - 1]) {
      std::printf(" %.3f |", Median(of_turn));
    }
    const double training = Median(times[threads - 1][0]);
    std::printf(" %.2f |\n", training * 1e6 / static_cast<double>(elements));
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
      "| (outer, classes, inner) | threads | training | evaluation | read | add "
      "| add past the caches | training, ns an element |\n"
      "| --- | --- | --- | --- | --- | --- | --- | --- |\n");
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
