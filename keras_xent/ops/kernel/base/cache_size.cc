#include "base/cache_size.h"

#include <unistd.h>

#include <algorithm>

namespace keras_xent {

int64_t MostCachedBytes() {
  constexpr int64_t kLeast = 8 << 20, kMost = 32 << 20;
  int64_t last_cache = 0;  // unknown
#if defined(_SC_LEVEL3_CACHE_SIZE)
  static const int64_t found = sysconf(_SC_LEVEL3_CACHE_SIZE);
  last_cache = found;
#endif
  return std::min(std::max(last_cache / 8, kLeast), kMost);
}

}  // namespace keras_xent
