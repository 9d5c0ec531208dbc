#include "softmax_cross_entropy.h"

#include <algorithm>
#include <atomic>
#include <memory>
#include <new>
#include <vector>

#include "convert.h"
#include "floating_point.h"
#include "instruction_set.h"
#include "thread_pool.h"
#include "unusual_losses.h"

namespace keras_xent {
namespace {

// The work is cut into pieces by the tensor's shape alone, never by the number
// of threads: each piece's partial sum, and so the result's bits, stay the same.
constexpr int64_t kElementsPerPiece = 32768;
constexpr int64_t kMostPositionsPerPiece = 4096;
// Pieces end at multiples of this, so that vectors across positions are full
// and, where the class axis is not the last, whole cache lines are used.
constexpr int64_t kPositionsStep = 16;

class Pieces {
 public:
  template <typename T>
  explicit Pieces(const Problem<T>& problem) : positions_(problem.positions()) {
    const int64_t wanted = kElementsPerPiece / std::max<int64_t>(problem.classes, 1);
    size_ = std::min(wanted, kMostPositionsPerPiece);
    size_ -= size_ % kPositionsStep;
    const int64_t least = problem.inner > 1 ? kPositionsStep : 1;
    size_ = std::max({size_, std::min(wanted, kPositionsStep), least});
  }
  int64_t count() const { return (positions_ + size_ - 1) / size_; }
  int64_t begin(int64_t piece) const { return piece * size_; }
  int64_t end(int64_t piece) const { return std::min(positions_, (piece + 1) * size_); }

 private:
  int64_t positions_;
  int64_t size_;
};

// Gradients that are larger than this are not in a cache any more when the
// next op reads them.
constexpr int64_t kLargeBytes = 8 << 20;

template <typename T>
RowTask<T> MakeTask(const Problem<T>& problem, T* backprop) {
  RowTask<T> task;
  task.logits = problem.logits;
  task.labels = problem.labels;
  task.backprop = backprop;
  task.positions = problem.positions();
  task.classes = problem.classes;
  task.inner = problem.inner;
  task.label_smoothing = problem.label_smoothing;
  task.scales = nullptr;
  task.factor = 1.0;
  const int64_t bytes = problem.positions() * problem.classes * static_cast<int64_t>(sizeof(T));
  task.is_large = bytes > kLargeBytes;
  task.stream = task.is_large && reinterpret_cast<uintptr_t>(backprop) % kLineBytes == 0;
  return task;
}

// Memory of this thread's own for one piece, freed with it if it is large.
class Scratch {
 public:
  explicit Scratch(int64_t bytes) {
    if (bytes == 0) return;
    const auto size = static_cast<size_t>(bytes + kAlignment);
    if (bytes <= kKeptBytes) {
      thread_local std::vector<unsigned char> kept;
      if (kept.size() < size) kept.resize(size);
      start_ = kept.data();
    } else {
      own_.reset(new unsigned char[size]);
      start_ = own_.get();
    }
    const auto address = reinterpret_cast<uintptr_t>(start_);
    start_ += (kAlignment - address % kAlignment) % kAlignment;
  }
  void* get() const { return start_; }

 private:
  static constexpr int64_t kAlignment = 64;
  static constexpr int64_t kKeptBytes = 8 << 20;
  std::unique_ptr<unsigned char[]> own_;
  unsigned char* start_ = nullptr;
};

// ParallelFor for bodies that may run out of memory, on whichever thread.
template <typename Body>
void ForEachPiece(int64_t count, Body& body) {
  std::atomic<bool> out_of_memory{false};
  auto guarded = [&](int64_t piece) {
    try {
      body(piece);
    } catch (const std::bad_alloc&) {
      out_of_memory = true;
    }
  };
  ParallelFor(count, guarded);
  if (out_of_memory) throw std::bad_alloc();
}

// What sum(l * w) is divided by.
template <typename T>
double Denominator(const Problem<T>& problem) {
  const int64_t positions = problem.positions();
  const auto count = static_cast<double>(positions);
  switch (problem.reduction) {
    case Reduction::kNone:
    case Reduction::kSum:
      return 1.0;
    case Reduction::kSumOverBatchSize:
      return count;
    case Reduction::kMeanWithSampleWeight: {
      if (problem.one_weight) return count * problem.weights[0];
      double sum = 0;
      for (int64_t p = 0; p < positions; ++p) sum += problem.weights[p];
      return InRange<Real<T>>(sum);
    }
    case Reduction::kSumByNonzeroWeights: {
      if (problem.one_weight) return problem.weights[0] != 0 ? count : 0.0;
      int64_t present = 0;
      for (int64_t p = 0; p < positions; ++p) present += problem.weights[p] != 0;
      return static_cast<double>(present);
    }
  }
  return 1.0;
}

struct WeightedSum {
  double sum;
  bool has_unusual_losses;
};

// Weights the losses of the positions from `begin` on. They go to `loss` for kNone, and otherwise
// into the sum.
template <typename T>
WeightedSum AddUp(const Problem<T>& problem, int64_t begin, int64_t end, const double* losses,
                  T* loss) {
  double sum = 0;
  uint64_t most_bits = 0;
  for (int64_t p = begin; p < end; ++p) {
    most_bits = std::max(most_bits, OrderedBits(losses[p - begin]));
    const double weight = problem.weights[problem.one_weight ? 0 : p];
    const double weighted = losses[p - begin] * weight;
    if (problem.reduction == Reduction::kNone) {
      loss[p] = FromDouble<T>(weighted);
    } else {
      sum += weighted;
    }
  }
  return {sum, most_bits > OrderedBits(kMostUsualLoss<Real<T>>)};
}

}  // namespace

template <typename T>
void Forward(const Problem<T>& problem, T* loss, T* backprop) {
  IeeeArithmetic ieee;  // for what is done outside the pieces, which have their own
  const double denominator = Denominator(problem);
  const double factor = denominator != 0 ? 1.0 / denominator : 0.0;
  RowTask<T> task = MakeTask(problem, backprop);
  const double one_weight = problem.one_weight ? problem.weights[0] : 1.0;
  task.factor = factor * one_weight;
  task.scales = problem.one_weight ? nullptr : problem.weights;

  const Kernels<T>& kernels = KernelsOf<T>(CurrentInstructionSet());
  const Pieces pieces(problem);
  std::vector<double> partial_sums(static_cast<size_t>(pieces.count()));
  auto run_piece = [&](int64_t piece) {
    IeeeArithmetic ieee_here;
    const int64_t begin = pieces.begin(piece), end = pieces.end(piece);
    double losses[kMostPositionsPerPiece];
    kernels.rows(task, begin, end, losses, Scratch(ScratchBytes(task)).get());
    WeightedSum weighted = AddUp(problem, begin, end, losses, loss);
    // Found on the way, for a look beforehand would be another pass.
    if (weighted.has_unusual_losses) {
      CorrectUnusualLosses(problem, begin, end, losses);
      weighted = AddUp(problem, begin, end, losses, loss);
    }
    partial_sums[static_cast<size_t>(piece)] = weighted.sum;
  };
  ForEachPiece(pieces.count(), run_piece);
  if (problem.reduction == Reduction::kNone) return;

  double total = 0;
  for (double sum : partial_sums) total += sum;
  total = InRange<Real<T>>(total);
  *loss = FromDouble<T>(denominator != 0 ? total / denominator : 0.0);
}

template <typename T>
void WeightedBackprop(const Problem<T>& problem, const Real<T>* coefficients, T* backprop) {
  RowTask<T> task = MakeTask(problem, backprop);
  task.scales = coefficients;
  const Kernels<T>& kernels = KernelsOf<T>(CurrentInstructionSet());
  const Pieces pieces(problem);
  auto run_piece = [&](int64_t piece) {
    IeeeArithmetic ieee_here;
    kernels.rows(task, pieces.begin(piece), pieces.end(piece), nullptr,
                 Scratch(ScratchBytes(task)).get());
  };
  ForEachPiece(pieces.count(), run_piece);
}

template <typename T>
void ScaleBackprop(const ScaleTask<T>& task, int64_t elements) {
  const Kernels<T>& kernels = KernelsOf<T>(CurrentInstructionSet());
  auto run_piece = [&](int64_t piece) {
    IeeeArithmetic ieee_here;
    const int64_t begin = piece * kElementsPerPiece;
    kernels.scale(task, begin, std::min(elements, begin + kElementsPerPiece));
  };
  ParallelFor((elements + kElementsPerPiece - 1) / kElementsPerPiece, run_piece);
}

#define KERAS_XENT_INSTANTIATE(T)                                           \
  template void Forward<T>(const Problem<T>&, T*, T*);                      \
  template void WeightedBackprop<T>(const Problem<T>&, const Real<T>*, T*); \
  template void ScaleBackprop<T>(const ScaleTask<T>&, int64_t);
KERAS_XENT_INSTANTIATE(Half)
KERAS_XENT_INSTANTIATE(BFloat16)
KERAS_XENT_INSTANTIATE(float)
KERAS_XENT_INSTANTIATE(double)
#undef KERAS_XENT_INSTANTIATE

}  // namespace keras_xent
