// How much of the processor's last cache a tensor may take.
#ifndef KERAS_XENT_BASE_CACHE_SIZE_H_
#define KERAS_XENT_BASE_CACHE_SIZE_H_

#include <cstdint>

namespace keras_xent {

// A tensor that is larger is not in a cache any more when the next op reads it: 8 to 32
// megabytes, an eighth of the last cache, which others share.
int64_t MostCachedBytes();

}  // namespace keras_xent

#endif  // KERAS_XENT_BASE_CACHE_SIZE_H_
