// The thread pool, tested with calls of a loss.
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <thread>
#include <vector>

#include "base/thread_pool.h"
#include "softmax.h"

// Without this, ThreadSanitizer stops forked processes that start threads, as the pool does.
extern "C" __attribute__((visibility("default"))) const char* __tsan_default_options() {
  return "die_after_fork=0";
}

namespace keras_xent {
namespace {

class Problem {
 public:
  Problem(const Extents& extents, unsigned seed)
      : t_(Make<SoftmaxCrossEntropy, float>({extents, 0.1, Reduction::kSum, false, 3}, seed)) {}

  float Evaluate() const { return Run(nullptr); }
  float Train() const {
    std::vector<float> backprop(t_.logits.size());
    return Run(backprop.data());
  }

 private:
  float Run(float* backprop) const {
    float value;
    Forward(t_.examples(), Of(t_.weights), t_.c.reduction, &value, backprop);
    return value;
  }

  Tensors<SoftmaxCrossEntropy, float> t_;
};

KERAS_XENT_TEST(Runs::kOnce, TestConcurrentCalls) {
  SetNumThreads(3);
  const Problem problem({500, 100, 1}, 3);
  const float wanted = problem.Evaluate();
  std::atomic<int> wrong{0};
  std::vector<std::thread> callers;
  for (int caller = 0; caller < 8; ++caller) {
    callers.emplace_back([&, caller] {
      for (int i = 0; i < 50; ++i) {
        if (caller == 0) SetNumThreads(1 + i % 4);
        wrong += problem.Train() != wanted;
      }
    });
  }
  for (std::thread& caller : callers) caller.join();
  Check(wrong == 0, "concurrent calls while the pool is resized");
  SetNumThreads(0);
}

KERAS_XENT_TEST(Runs::kOnce, TestFork) {
  SetNumThreads(2);
  const Problem problem({500, 1000, 1}, 4);
  const float wanted = problem.Evaluate();
  const pid_t child = fork();
  if (child == 0) {
    _exit(problem.Evaluate() == wanted && NumThreads() == 2 ? 0 : 1);
  }
  int status = -1;
  waitpid(child, &status, 0);
  Check(status == 0, "a forked child can compute a loss");
  SetNumThreads(0);
}

KERAS_XENT_TEST(Runs::kOnce, TestNoMoreThreads) {
  const Problem problem({500, 1000, 1}, 5);
  const float wanted = problem.Evaluate();
  const pid_t child = fork();
  if (child == 0) {
    // Limits don't apply to root.
    const rlimit one = {1, 1};
    if (setrlimit(RLIMIT_NPROC, &one) != 0 || (geteuid() == 0 && setuid(65534) != 0)) _exit(2);
    SetNumThreads(4);
    _exit(problem.Evaluate() == wanted ? 0 : 1);
  }
  int status = -1;
  waitpid(child, &status, 0);
  Check(status == 0, "a process that can't start threads can compute a loss");
}

}  // namespace
}  // namespace keras_xent
