// How much of the processor's last-level cache a tensor can use.
#ifndef KERAS_XENT_BASE_CACHE_SIZE_H_
#define KERAS_XENT_BASE_CACHE_SIZE_H_

#include <cstdint>

namespace keras_xent {

// A larger tensor is no longer in a cache when the next op reads it. This is an eighth of the
// last-level cache, which other processes share, but at least 8 and at most 32 megabytes.
int64_t MostCachedBytes();

}  // namespace keras_xent

#endif  // KERAS_XENT_BASE_CACHE_SIZE_H_
