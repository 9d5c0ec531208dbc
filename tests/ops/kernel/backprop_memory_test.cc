// Memory for backprop tensors: which allocation gets which block, and when blocks are returned.
#include "base/backprop_memory.h"

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cstring>
#include <thread>
#include <vector>

#include "testing.h"

namespace keras_xent {
namespace {

KERAS_XENT_TEST(Runs::kOnce, TestBackpropMemory) {
  constexpr size_t kBytes = 5 << 20;
  Check(AllocateBackprop(1000) == nullptr, "small blocks come from the usual allocator");
  auto fill = [](void* data, size_t bytes, int value) { std::memset(data, value, bytes); };
  auto holds = [](const void* data, size_t bytes, int value) {
    const auto* bytes_of = static_cast<const unsigned char*>(data);
    for (size_t i = 0; i < bytes; i += 511) {
      if (bytes_of[i] != value) return false;
    }
    return true;
  };
  void* one = AllocateBackprop(kBytes);
  void* two = AllocateBackprop(kBytes + 100);
  Check(one && two && one != two, "two blocks in use are different");
  fill(one, kBytes, 1);
  fill(two, kBytes + 100, 2);
  Check(holds(one, kBytes, 1) && holds(two, kBytes + 100, 2), "blocks don't overlap");
  FreeBackprop(one);
  Check(AllocateBackprop(kBytes - 4096) == one, "a freed block is used again");
  FreeBackprop(one);
  void* small = AllocateBackprop(kBytes / 4);
  Check(small != one, "a small tensor doesn't get a large tensor's block");
  Check(holds(two, kBytes + 100, 2), "a block in use keeps its content");
  const pid_t child = fork();
  if (child == 0) {
    void* own = AllocateBackprop(kBytes);
    fill(own, kBytes, 3);
    FreeBackprop(two);  // a tensor of the parent's
    _exit(own && own != two && holds(two, kBytes + 100, 2) ? 0 : 1);
  }
  int status = -1;
  waitpid(child, &status, 0);
  Check(status == 0, "a forked child has its own blocks");
  FreeBackprop(small);
  FreeBackprop(two);
  // Other sizes, until the freed blocks have been unused for long enough.
  for (int i = 0; i < 40; ++i) FreeBackprop(AllocateBackprop((100 << 20) + (i % 2)));
  rusage before, after;
  getrusage(RUSAGE_SELF, &before);
  void* fresh = AllocateBackprop(kBytes);
  fill(fresh, kBytes, 4);
  getrusage(RUSAGE_SELF, &after);
  Check(after.ru_minflt > before.ru_minflt, "unused blocks are returned to the system");
  FreeBackprop(fresh);
  std::vector<std::thread> threads;
  std::atomic<int> wrong{0};
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 50; ++i) {
        const size_t bytes = (1 << 20) + static_cast<size_t>(i) * 4096;
        void* mine = AllocateBackprop(bytes);
        fill(mine, bytes, 10 + t);
        if (!holds(mine, bytes, 10 + t)) ++wrong;
        FreeBackprop(mine);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  Check(wrong == 0, "threads get different blocks");
}

}  // namespace
}  // namespace keras_xent
