// Each allocation of a call, also of its outputs, fails in turn. The call reports it or succeeds
// without the memory, and the next call returns the right bits.
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <new>
#include <string>
#include <thread>
#include <vector>

#include "base/backprop_memory.h"
#include "base/thread_pool.h"
#include "fake_tensorflow.h"
#include "losses.h"
#include "testing.h"
#include "tf/attributes.h"
#include "tf/loss_ops.h"
// Not compiled into this test on its own.
#include "tf/attributes.cc"

namespace {

std::atomic<int64_t> allocations_until_failure{-1};  // negative: none fails
std::atomic<int64_t> failures{0}, blocks_in_use{0};

bool AllocationFails() {
  if (allocations_until_failure < 0 || allocations_until_failure-- != 0) return false;
  ++failures;
  return true;
}

}  // namespace

// Also of new[], which calls it. The tensors of other tests have their own, aligned one.
void* operator new(size_t bytes) {
  if (AllocationFails()) throw std::bad_alloc();
  void* block = std::malloc(bytes ? bytes : 1);
  if (!block) throw std::bad_alloc();
  ++blocks_in_use;
  return block;
}
void operator delete(void* block) noexcept {
  blocks_in_use -= block != nullptr;
  std::free(block);
}
void operator delete(void* block, size_t) noexcept { operator delete(block); }

namespace keras_xent {
namespace {

// Runs `call` with the k-th allocation failing, for k = 0, 1, ... until it needs fewer. Returns
// the number of failures. `prepare` runs before each call, with all the memory that it needs.
template <typename Prepare, typename Call>
int64_t FailEach(Prepare prepare, Call call) {
  for (int64_t k = 0;; ++k) {
    prepare();
    failures = 0;
    allocations_until_failure = k;
    call();
    allocations_until_failure = -1;
    if (failures == 0) return k;
  }
}
template <typename Call>
int64_t FailEach(Call call) {
  return FailEach([] {}, call);
}

// ---- calls of the ops' kernels ------------------------------------------------------

// The inputs of an op. Its backprop is too large for the usual allocator, and its weights are
// repeated.
template <typename Loss>
class OpCall {
 public:
  static constexpr int64_t kRows = 60, kClasses = 1001, kInner = 3;

  OpCall() : logits_(kRows * kClasses * kInner), labels_(logits_.size(), 0), weights_(kRows, 0.5f) {
    for (size_t i = 0; i < logits_.size(); ++i) logits_[i] = static_cast<float>(i * 7 % 13);
    for (size_t i = 0; i < labels_.size(); i += kClasses) labels_[i] = 1;
    ids_.assign(kRows * kInner, 5);
    // The class axis is the last one.
    const int64_t shape[] = {kRows, kInner, kClasses}, weights[] = {kRows, 1, kClasses};
    constexpr bool kIsDense =
        std::is_same_v<typename Loss::template Labels<float>, DenseLabels<float>>;
    const int rank = Loss::kHasClassAxis ? 2 : 3;
    if (!Loss::kHasClassAxis) weights_.assign(kRows * kClasses, 0.5f);
    inputs_[0] = NewFakeTensor(TF_FLOAT, shape, 3, logits_.data(), 0, nullptr);
    inputs_[1] = kIsDense ? NewFakeTensor(TF_FLOAT, shape, 3, labels_.data(), 0, nullptr)
                          : NewFakeTensor(TF_INT64, shape, 2, ids_.data(), 0, nullptr);
    inputs_[2] = NewFakeTensor(TF_FLOAT, weights, rank, weights_.data(), 0, nullptr);
    inputs_[3] = NewFakeTensor(TF_DOUBLE, nullptr, 0, &smoothing_, 0, nullptr);
  }
  ~OpCall() {
    for (TF_Tensor* input : inputs_) TF_DeleteTensor(input);
  }

  // Returns the outcome, and keeps the outputs' bytes if the call succeeds.
  template <typename Compute>
  TF_Code Run(Compute compute, const Attributes& attributes) {
    TF_OpKernelContext ctx = {{inputs_[0], inputs_[1], inputs_[2], inputs_[3]}, {}, TF_OK};
    Attributes of_kernel = attributes;
    compute(&of_kernel, &ctx);
    for (int i = 0; i < 2; ++i) {
      if (!ctx.outputs[i]) continue;
      if (ctx.failure == TF_OK) {
        const auto* bytes = static_cast<const char*>(ctx.outputs[i]->data);
        allocations_until_failure = -1;  // the test's own
        outputs_[i].assign(bytes, bytes + ctx.outputs[i]->bytes);
      }
      TF_DeleteTensor(ctx.outputs[i]);
    }
    for (TF_Tensor* input : inputs_) is_leaking_ |= input->references != 1;
    return ctx.failure;
  }

  const std::vector<char>& output(int i) const { return outputs_[i]; }
  bool is_leaking() const { return is_leaking_; }

 private:
  std::vector<float> logits_, labels_, weights_;
  std::vector<int64_t> ids_;
  double smoothing_ = 0.1;
  TF_Tensor* inputs_[4];
  std::vector<char> outputs_[2];
  bool is_leaking_ = false;
};

template <typename Loss, typename Compute>
void TestOp(Compute compute, Reduction reduction, int threads, const char* op) {
  const Attributes attributes = {-1, reduction};
  OpCall<Loss> call;
  SetNumThreads(threads);
  call.Run(compute, attributes);
  const std::vector<char> value = call.output(0), backprop = call.output(1);
  int64_t unreported = 0, wrong = 0;
  no_memory_for_output = &AllocationFails;
  const auto start_threads_in_call = [&] {
    SetNumThreads(1);
    SetNumThreads(threads);
  };
  const auto run = [&] {
    const TF_Code code = call.Run(compute, attributes);
    allocations_until_failure = -1;
    unreported += code != TF_OK && code != TF_RESOURCE_EXHAUSTED;
    wrong += code == TF_OK && (call.output(0) != value || call.output(1) != backprop);
    wrong += call.Run(compute, attributes) != TF_OK;
    wrong += call.output(0) != value || call.output(1) != backprop;
  };
  // What is kept for the next call is there after the first time. Only a leak grows.
  FailEach(start_threads_in_call, run);
  const int64_t in_use = blocks_in_use;
  const int64_t failed = FailEach(start_threads_in_call, run);
  // Threads that are stopped, or start, have memory of their own.
  const bool is_freed = threads > 1 || blocks_in_use <= in_use;
  SetNumThreads(0);
  const std::string name = std::string(op) + Loss::kName + " on " + std::to_string(threads) +
                           " threads, each of " + std::to_string(failed) + " allocations fails: ";
  Check(failed > 0, name + "there are some");
  Check(unreported == 0, name + "the call reports it or succeeds");
  Check(wrong == 0, name + "the bits of successful calls");
  Check(!call.is_leaking(), name + "tensors are released");
  Check(is_freed, name + "memory is freed");
}

template <typename Loss>
void TestLoss() {
  for (const int threads : {1, 3}) {
    for (const Reduction reduction :
         {Reduction::kNone, Reduction::kSum, Reduction::kSumOverBatchSize,
          Reduction::kMeanWithSampleWeight, Reduction::kSumByNonzeroWeights}) {
      TestOp<Loss>(&Guarded<&ComputeLoss<Loss, float, false>>, reduction, threads, "");
      TestOp<Loss>(&Guarded<&ComputeLoss<Loss, float, true>>, reduction, threads, "backprop of ");
    }
    TestOp<Loss>(&Guarded<&ComputeGrad<Loss, float>>, Reduction::kNone, threads, "grad of ");
  }
}

KERAS_XENT_TEST(Runs::kOnce, TestOps) {
  TestLoss<SoftmaxCrossEntropy>();
  TestLoss<SparseSoftmaxCrossEntropy>();
  TestLoss<SigmoidCrossEntropy>();
}

KERAS_XENT_TEST(Runs::kOnce, TestAttributes) {
  int64_t wrong = 0;
  const int64_t in_use = blocks_in_use;
  const int64_t failed = FailEach([&] {
    TF_OpKernelConstruction ctx = {"sum_by_nonzero_weights", TF_OK};
    void* attributes = Create<true, true>(&ctx);
    wrong += attributes ? ctx.failure != TF_OK : ctx.failure != TF_RESOURCE_EXHAUSTED;
    Delete(attributes);
  });
  const bool is_freed = blocks_in_use == in_use;
  Check(failed > 0 && wrong == 0, "a kernel's attributes without memory are an error");
  Check(is_freed, "a kernel's attributes without memory: memory is freed");
}

// ---- what calls share -----------------------------------------------------------------

// Whether two threads are in ParallelFor at the same time.
bool RunsOnTwoThreads() {
  std::atomic<int> inside{0};
  auto body = [&](int64_t) {
    ++inside;
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(5);
    while (inside < 2 && std::chrono::steady_clock::now() < end) std::this_thread::yield();
  };
  const auto begin = std::chrono::steady_clock::now();
  ParallelFor(2, body);
  return std::chrono::steady_clock::now() - begin < std::chrono::seconds(4);
}

// A worker takes so many turns that a queue which allocates does so on the worker's thread, where
// nothing could report it.
KERAS_XENT_TEST(Runs::kOnce, TestPool) {
  SetNumThreads(2);
  Check(RunsOnTwoThreads(), "there are two threads");
  int64_t wrong = 0;
  FailEach([&] {
    std::atomic<int64_t> sum{0};
    auto body = [&](int64_t i) {
      sum += i;
      std::this_thread::yield();
    };
    try {
      ParallelFor(10000, body);
      wrong += sum != 10000 * 9999 / 2;
    } catch (const std::bad_alloc&) {
      wrong += sum != 0;
    }
  });
  Check(wrong == 0, "without memory, all turns of a call run, or none and it is reported");

  SetNumThreads(1);
  SetNumThreads(2);
  allocations_until_failure = 0;  // the thread
  auto nothing = [](int64_t) {};
  ParallelFor(2, nothing);
  allocations_until_failure = -1;
  Check(RunsOnTwoThreads(), "the pool has its threads again after it had no memory for them");
  SetNumThreads(0);
}

// The process's address space in bytes.
int64_t AddressSpace() {
  long pages = 0;
  std::FILE* file = std::fopen("/proc/self/statm", "r");
  if (!file || std::fscanf(file, "%ld", &pages) != 1) pages = 0;
  if (file) std::fclose(file);
  return pages * sysconf(_SC_PAGESIZE);
}

KERAS_XENT_TEST(Runs::kOnce, TestBackpropMemory) {
  constexpr size_t kBytes = 64 << 20;
  FreeBackprop(AllocateBackprop(kBytes));
  const int64_t before = AddressSpace();
  for (int i = 0; i < 100; ++i) {
    // Another size each time, so no kept block fits.
    const size_t bytes = kBytes + static_cast<size_t>(i % 2) * 3 * kBytes;
    FailEach([&] {
      void* data = AllocateBackprop(bytes);
      // A tensor's destructor frees its memory, and can't report an error.
      if (data) FreeBackprop(data);
    });
  }
  // More than there is.
  const bool is_refused = AllocateBackprop(size_t{1} << 60) == nullptr;
  void* next = AllocateBackprop(kBytes);
  Check(is_refused && next, "a block larger than the address space isn't mapped, the next one is");
  FreeBackprop(next);
  Check(AddressSpace() - before < int64_t{2} << 30,
        "blocks without memory for their notes are freed");
}

}  // namespace
}  // namespace keras_xent
