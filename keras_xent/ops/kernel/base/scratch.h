// A thread's own memory, for the duration of one piece of work.
#ifndef KERAS_XENT_BASE_SCRATCH_H_
#define KERAS_XENT_BASE_SCRATCH_H_

#include <cstdint>
#include <memory>

namespace keras_xent {

// Memory aligned to a cache line. Unless it is large, it is kept for the thread's next
// piece. Throws std::bad_alloc.
class Scratch {
 public:
  explicit Scratch(int64_t bytes);
  ~Scratch();
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;

  void* get() const { return start_; }

 private:
  std::unique_ptr<unsigned char[]> own_;
  unsigned char* start_ = nullptr;
};

}  // namespace keras_xent

#endif  // KERAS_XENT_BASE_SCRATCH_H_
