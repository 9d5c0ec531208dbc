// Memory for backprop tensors, kept from one training step to the next.
//
// malloc gets large blocks from the operating system, which zeroes them page by page on first use.
// For 65 MB, this took three times as long as all of the arithmetic. A training step frees its
// backprop, and the next step needs the same size, so freed blocks are kept. The operating system
// can take their pages at any time (MADV_FREE), and blocks that stay unused are returned to it.
#ifndef KERAS_XENT_BASE_BACKPROP_MEMORY_H_
#define KERAS_XENT_BASE_BACKPROP_MEMORY_H_

#include <cstddef>

namespace keras_xent {

// Returns at least `bytes` of memory, aligned to a page. Returns null if the size is too small, if
// there is no memory, or if this isn't Linux. Then use the usual allocator.
void* AllocateBackprop(size_t bytes);

// Frees memory from AllocateBackprop(), on any thread, at any time.
void FreeBackprop(void* data);

}  // namespace keras_xent

#endif  // KERAS_XENT_BASE_BACKPROP_MEMORY_H_
