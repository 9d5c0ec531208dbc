#include "base/scratch.h"

#include <vector>

#include "base/numbers.h"

namespace keras_xent {
namespace {

constexpr int64_t kMostKeptBytes = 8 << 20;

thread_local std::vector<unsigned char> kept;
thread_local bool kept_is_used = false;

}  // namespace

Scratch::Scratch(int64_t bytes) {
  if (bytes == 0) return;
  const auto size = static_cast<size_t>(bytes + kLineBytes);
  if (bytes <= kMostKeptBytes && !kept_is_used) {
    if (kept.size() < size) kept.resize(size);
    kept_is_used = true;
    start_ = kept.data();
  } else {
    own_.reset(new unsigned char[size]);
    start_ = own_.get();
  }
  const auto address = reinterpret_cast<uintptr_t>(start_);
  start_ += (kLineBytes - address % kLineBytes) % kLineBytes;
}

Scratch::~Scratch() {
  if (start_ && !own_) kept_is_used = false;
}

}  // namespace keras_xent
