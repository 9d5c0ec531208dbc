// How much of the processor's last cache a tensor can use.
#ifndef KERAS_XENT_BASE_CACHE_SIZE_H_
#define KERAS_XENT_BASE_CACHE_SIZE_H_

#include <cstdint>

namespace keras_xent {

// A larger tensor is no longer in a cache when the next op reads it. This is 8 to 32
// megabytes, an eighth of the last cache, which other processes share.
int64_t MostCachedBytes();

}  // namespace keras_xent

#endif  // KERAS_XENT_BASE_CACHE_SIZE_H_
