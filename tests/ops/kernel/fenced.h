// Memory for tensors between two pages that can't be touched, and bytes around each output that
// must stay as they are.
#ifndef KERAS_XENT_TESTS_FENCED_H_
#define KERAS_XENT_TESTS_FENCED_H_

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <new>

namespace keras_xent {

// Where a tensor begins or ends.
enum class Place {
  kAtStart,  // behind the first fence, at a cache line
  kShifted,  // one element further
  kAtEnd,    // before the last fence
};
constexpr Place kPlaces[] = {Place::kAtStart, Place::kShifted, Place::kAtEnd};

// Room for one tensor of up to kMostBytes. A read or a write beyond a fence is a segmentation
// fault.
class Fenced {
 public:
  static constexpr size_t kMostBytes = 16 << 10;

  Fenced() {
    const auto page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
    bytes_ = (kMostBytes + page - 1) / page * page;
    mapped_ = bytes_ + 2 * page;
    map_ = mmap(nullptr, mapped_, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (map_ == MAP_FAILED) throw std::bad_alloc();
    start_ = static_cast<unsigned char*>(map_) + page;
    if (mprotect(start_, bytes_, PROT_READ | PROT_WRITE) != 0) throw std::bad_alloc();
  }
  ~Fenced() { munmap(map_, mapped_); }
  Fenced(const Fenced&) = delete;
  Fenced& operator=(const Fenced&) = delete;

  template <typename T>
  T* At(Place place, size_t count) const {
    unsigned char* at = start_;
    if (place == Place::kShifted) at += sizeof(T);
    if (place == Place::kAtEnd) at += bytes_ - count * sizeof(T);
    return reinterpret_cast<T*>(at);
  }

  // Fills an output and the bytes around it with a pattern.
  template <typename T>
  T* Output(Place place, size_t count) const {
    T* output = At<T>(place, count);
    auto [begin, end] = Around(output, count);
    std::memset(begin, kPattern, static_cast<size_t>(end - begin));
    return output;
  }

  // Whether the bytes around an output have kept the pattern.
  template <typename T>
  bool IsIntactAround(const T* output, size_t count) const {
    const auto [begin, end] = Around(output, count);
    const auto* first = reinterpret_cast<const unsigned char*>(output);
    return HasPattern(begin, first) && HasPattern(first + count * sizeof(T), end);
  }

 private:
  static constexpr unsigned char kPattern = 0xa5;
  static constexpr ptrdiff_t kAround = 64;

  static bool HasPattern(const unsigned char* from, const unsigned char* to) {
    return from == to || (*from == kPattern &&
                          std::memcmp(from, from + 1, static_cast<size_t>(to - from - 1)) == 0);
  }

  struct Range {
    unsigned char *begin, *end;
  };
  template <typename T>
  Range Around(const T* output, size_t count) const {
    const ptrdiff_t from = reinterpret_cast<const unsigned char*>(output) - start_;
    const auto to = from + static_cast<ptrdiff_t>(count * sizeof(T));
    return {start_ + std::max<ptrdiff_t>(from - kAround, 0),
            start_ + std::min(to + kAround, static_cast<ptrdiff_t>(bytes_))};
  }

  void* map_;
  unsigned char* start_;
  size_t bytes_, mapped_;
};

}  // namespace keras_xent

#endif  // KERAS_XENT_TESTS_FENCED_H_
