#include "base/backprop_memory.h"

#if defined(__linux__)
#include <pthread.h>
#include <sys/mman.h>

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <list>
#include <mutex>
#include <new>
#endif

namespace keras_xent {

#if defined(__linux__)
namespace {

// For smaller sizes, malloc itself keeps the memory.
constexpr size_t kLeastBytes = 512 << 10;
// The total size of the unused blocks that are kept.
constexpr size_t kMostKeptBytes = size_t{1} << 30;
// A block is freed if this many allocations in a row didn't use it.
constexpr int64_t kMostPasses = 16;
constexpr size_t kPageBytes =
    64 << 10;  // the largest page on Linux; untouched memory costs nothing
constexpr size_t kHugePageBytes = 2 << 20;

struct Block {
  void* data;
  size_t bytes;
  int64_t last_use;
};

size_t RoundUp(size_t value, size_t step) { return (value + step - 1) / step * step; }

// Uses whole huge pages if they fit, so fewer pages must be zeroed and freed.
void* Map(size_t bytes) {
  const size_t mapped = bytes + kHugePageBytes;
  void* start = mmap(nullptr, mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (start == MAP_FAILED) return nullptr;
  const auto address = reinterpret_cast<uintptr_t>(start);
  const uintptr_t aligned = RoundUp(address, kHugePageBytes);
  void* data = reinterpret_cast<void*>(aligned);
  const size_t before = aligned - address;
  if (before > 0) munmap(start, before);
  const size_t after = mapped - before - bytes;
  if (after > 0) munmap(reinterpret_cast<void*>(aligned + bytes), after);
#if defined(MADV_HUGEPAGE)
  madvise(data, bytes, MADV_HUGEPAGE);
#endif
  return data;
}

class Blocks {
 public:
  void* Allocate(size_t bytes) {
    std::lock_guard<std::mutex> lock(mutex_);
    ++allocations_;
    // The smallest block that is large enough, unless a larger tensor may need it.
    auto best = kept_.end();
    for (auto it = kept_.begin(); it != kept_.end(); ++it) {
      const bool fits = it->bytes >= bytes && it->bytes <= 2 * bytes;
      if (fits && (best == kept_.end() || it->bytes < best->bytes)) best = it;
    }
    if (best == kept_.end()) {
      const size_t rounded = RoundUp(bytes, kPageBytes);
      kept_.push_back({nullptr, rounded, allocations_});
      best = std::prev(kept_.end());
      best->data = Map(rounded);
      if (!best->data) {
        kept_.erase(best);
        return nullptr;
      }
    }
    void* data = best->data;
    used_.splice(used_.end(), kept_, best);
    ReturnStale();
    return data;
  }

  void Free(void* data) {
    std::lock_guard<std::mutex> lock(mutex_);
    auto it = std::find_if(used_.begin(), used_.end(),
                           [&](const Block& block) { return block.data == data; });
    if (it == used_.end()) return;
    it->last_use = allocations_;
#if defined(MADV_FREE)
    madvise(it->data, it->bytes, MADV_FREE);
#endif
    kept_.splice(kept_.end(), used_, it);
    ReturnStale();
  }

 private:
  // Oldest first: blocks are added at the end when they come back.
  void ReturnStale() {
    size_t bytes = 0;
    for (const Block& block : kept_) bytes += block.bytes;
    while (!kept_.empty() &&
           (bytes > kMostKeptBytes || allocations_ - kept_.front().last_use > kMostPasses)) {
      bytes -= kept_.front().bytes;
      munmap(kept_.front().data, kept_.front().bytes);
      kept_.pop_front();
    }
  }

  std::mutex mutex_;  // guards the rest
  // Lists, so Free() allocates no memory: a tensor's destructor can't report an error.
  std::list<Block> used_, kept_;
  int64_t allocations_ = 0;
};

// Never destroyed: tensors may still be freed while the process ends. A forked
// child drops its parent's blocks, because another thread may have held the lock.
alignas(Blocks) unsigned char storage[sizeof(Blocks)];
Blocks* blocks = nullptr;

struct BlocksLifetime {
  BlocksLifetime() {
    blocks = new (storage) Blocks;
    pthread_atfork(nullptr, nullptr, [] { blocks = new (storage) Blocks; });
  }
};
BlocksLifetime blocks_lifetime;

}  // namespace

void* AllocateBackprop(size_t bytes) {
  if (bytes < kLeastBytes) return nullptr;
  try {
    return blocks->Allocate(bytes);
  } catch (const std::bad_alloc&) {
    return nullptr;
  }
}

void FreeBackprop(void* data) { blocks->Free(data); }

#else

void* AllocateBackprop(size_t) { return nullptr; }
void FreeBackprop(void*) {}

#endif

}  // namespace keras_xent
